"""Stretch a distribution beyond [0, 1] and fold what sticks out onto the ends."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints

from latent_rationale.common.distributions.selection import Selection, Shape, UnitInterval, integrate_unit_interval


class Rectified(Selection):
    """H = min(1, max(0, low + (high - low) * K)) for a base variable K on (0, 1) (paper, section 3.2).

    The base mass below 0 and above 1 after the stretch becomes the point masses P(H = 0) and P(H = 1); between them H
    is continuous and differentiable in the parameters of the base.

    Args:
        base: distribution of K.
        low: lower end of the stretched support, below 0.
        high: upper end, above 1.

    Raises:
        ValueError: if ``low`` or ``high`` would not stretch beyond the unit interval.
    """

    has_rsample = True
    arg_constraints: dict[str, constraints.Constraint] = {}
    support = constraints.unit_interval

    def __init__(self, base: UnitInterval, low: float = -0.1, high: float = 1.1, validate_args: bool | None = None):
        if not low < 0 < 1 < high:
            raise ValueError(f"expected low < 0 and high > 1, got low={low} and high={high}")
        self.base, self.low, self.high = base, low, high
        super().__init__(base.batch_shape, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> "Rectified":
        """The same distribution over a larger batch shape."""
        expanded = type(self).__new__(type(self)) if _instance is None else _instance
        Rectified.__init__(expanded, self.base.expand(batch_shape), self.low, self.high, validate_args=False)
        return expanded

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        """Reparameterised samples: gradients flow wherever a sample lies strictly between 0 and 1."""
        return self._stretch(self.base.rsample(torch.Size(sample_shape)))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse cdf (equation 10)."""
        return self._stretch(self.base.icdf(value))

    @property
    def p0(self) -> Tensor:
        """P(H = 0) (equation 8)."""
        return self.base.cdf(self._unstretch(_constant(0.0))).to(self.base.like.dtype)

    @property
    def p1(self) -> Tensor:
        """P(H = 1) (equation 9)."""
        return self.base.survival(self._unstretch(_constant(1.0))).to(self.base.like.dtype)

    def cdf(self, value: Tensor) -> Tensor:
        """P(H <= value), which jumps at 0 and at 1."""
        below, inside = value < 0, value < 1
        middle = self.base.cdf(self._unstretch(torch.where(inside & ~below, value, 0.5)))
        return torch.where(inside, middle.masked_fill(below, 0.0), 1.0)

    def log_prob(self, value: Tensor) -> Tensor:
        """The log of the point masses at 0 and 1, and the log density between them (equation 24)."""
        if self._validate_args:
            self._validate_sample(value)
        at_zero, at_one = value == 0, value == 1
        inner = torch.where(at_zero | at_one, 0.5, value)
        density = self.base.log_prob(self._unstretch(inner)) - math.log(self.high - self.low)
        log_p0 = torch.where(at_zero, self.p0, 1.0).log()  # replaced before the logarithm: a mass may underflow to 0
        log_p1 = torch.where(at_one, self.p1, 1.0).log()
        return torch.where(at_zero, log_p0, torch.where(at_one, log_p1, density))

    @property
    def mean(self) -> Tensor:
        """The true mean: the integral over (0, 1) of P(H > h)."""
        return integrate_unit_interval(lambda value: self.base.survival(self._unstretch(value)), like=self.base.like)

    def decide(self) -> Tensor:
        """The likeliest of 0, 1 and the open interval; there, the mean of the unstretched base (paper, section 5)."""
        p0, p1 = self.p0, self.p1
        between = 1 - p0 - p1 > torch.maximum(p0, p1)
        return torch.where(between, self.base.mean, (p1 >= p0).to(p0.dtype))

    def _stretch(self, value: Tensor) -> Tensor:
        return (self.low + (self.high - self.low) * value).clamp(0, 1)

    def _unstretch(self, value: Tensor) -> Tensor:
        return (value - self.low) / (self.high - self.low)


def _constant(value: float) -> Tensor:
    """A number in float64, which as a scalar tensor leaves the number format and device of a batch as they are."""
    return torch.tensor(value, dtype=torch.float64)
