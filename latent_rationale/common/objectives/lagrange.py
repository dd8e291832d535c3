"""Lagrange multiplier of a constraint (equation 13; Rezende & Viola, 2018, algorithm 1)."""

import torch
from torch import Tensor, nn


class LagrangeMultiplier(nn.Module):
    """Penalty that pulls a value towards a target, with a weight that grows above the target and shrinks below it.

    The multiplier follows a moving average of the violation. Both are buffers, saved with the objective, and change in
    training mode only.

    Args:
        target: value to reach.
        initial: initial multiplier.
        learning_rate: rate of the multiplicative updates.
        smoothing: alpha, the weight of the past in the moving average.
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
        """Compute the penalty ``[]``: the multiplier times the violation.

        In training its value is that of the moving average, which is updated first, and its gradient that of the
        current violation. In evaluation it is the violation of the evaluated data.
        """
        violation = value - self.target
        if not self.training:
            return self.multiplier * violation
        self._move(violation.detach())
        # Straight-through: the value of the moving average, the gradient of the violation. The multiplier is copied,
        # because the next step changes it in place, and a later backward pass must see the value of this step.
        return self.multiplier.clone() * (violation + (self.average - violation).detach())

    @torch.no_grad()
    def _move(self, violation: Tensor) -> None:
        """Update the moving average and then the multiplier, in place and on the device."""
        self.average.mul_(self.smoothing).add_(violation, alpha=1 - self.smoothing)
        self.multiplier.mul_(torch.exp(self.learning_rate * self.average)).clamp_(self.minimum, self.maximum)
