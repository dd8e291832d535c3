"""A penalty whose weight finds itself (equation 13; Rezende & Viola, 2018, algorithm 1)."""

import torch
from torch import Tensor, nn


class LagrangeMultiplier(nn.Module):
    """Pulls a value towards a target, harder the longer it stays above, softer the longer it stays below.

    The multiplier follows a moving average of the constraint and moves in training mode only.

    Args:
        target: where the value should be.
        initial: the multiplier at the start.
        learning_rate: how fast it moves.
        smoothing: alpha, the share of the past in the moving average.
        minimum: smallest multiplier.
        maximum: largest multiplier.
    """

    multiplier: Tensor
    average: Tensor

    def __init__(
        self, target: float, initial: float, learning_rate: float, smoothing: float, minimum: float, maximum: float
    ):
        super().__init__()
        self.target = target
        self.learning_rate = learning_rate
        self.smoothing = smoothing
        self.minimum, self.maximum = minimum, maximum
        self.register_buffer("multiplier", torch.tensor(initial))
        self.register_buffer("average", torch.tensor(0.0))

    def forward(self, value: Tensor) -> Tensor:
        """The penalty ``[]``: multiplier times the smoothed constraint, with the gradient of the unsmoothed one."""
        violation = value - self.target
        if self.training:
            self._move(violation.detach())
        return self.multiplier.clone() * (violation + (self.average - violation).detach())

    @torch.no_grad()
    def _move(self, violation: Tensor) -> None:
        self.average.mul_(self.smoothing).add_(violation, alpha=1 - self.smoothing)
        self.multiplier.mul_(torch.exp(self.learning_rate * self.average)).clamp_(self.minimum, self.maximum)
