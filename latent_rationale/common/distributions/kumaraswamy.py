"""The Kumaraswamy distribution, in log space."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints
from torch.distributions.utils import broadcast_all

from latent_rationale.common.distributions.selection import (
    Shape,
    UnitInterval,
    inside_unit_interval,
    log1mexp,
)


class Kumaraswamy(UnitInterval):
    """Kuma(a, b) on (0, 1), with cdf 1 - (1 - x^a)^b (paper, section 3.1 and appendix A).

    Samples and their gradients are finite for a, b in [1e-6, 100] in float32, which those of
    ``torch.distributions.Kumaraswamy`` are not.

    Args:
        a: first shape parameter, positive.
        b: second shape parameter, positive.
    """

    arg_constraints = {"a": constraints.positive, "b": constraints.positive}

    def __init__(self, a: Tensor | float, b: Tensor | float, validate_args: bool | None = None):
        self.a, self.b = broadcast_all(a, b)
        super().__init__(self.a.shape, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> "Kumaraswamy":
        """The same distribution over a larger batch shape."""
        return Kumaraswamy(self.a.expand(batch_shape), self.b.expand(batch_shape), validate_args=False)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse cdf (equation 5), kept inside (0, 1)."""
        return inside_unit_interval(torch.exp(log1mexp(torch.log1p(-value) / self.b) / self.a))

    @property
    def like(self) -> Tensor:
        """The first shape parameter."""
        return self.a

    def survival(self, value: Tensor) -> Tensor:
        """P(X > value) = (1 - x^a)^b."""
        return torch.exp(self._log_survival(value))

    def cdf(self, value: Tensor) -> Tensor:
        """P(X <= value) (equation 18b)."""
        return -torch.expm1(self._log_survival(value))

    def log_prob(self, value: Tensor) -> Tensor:
        """The log density (equation 17)."""
        if self._validate_args:
            self._validate_sample(value)
        log_value = torch.log(value)
        log_scale = torch.log(self.a) + torch.log(self.b)
        return log_scale + (self.a - 1) * log_value + (self.b - 1) * log1mexp(self.a * log_value)

    @property
    def mean(self) -> Tensor:
        """Closed form b * Beta(1 + 1/a, b), in float64: lgamma in float32 is wrong in the third digit at a = 1e-4."""
        a, b = self.a.double(), self.b.double()
        log_beta = torch.lgamma(1 + 1 / a) + torch.lgamma(b) - torch.lgamma(1 + 1 / a + b)
        return torch.exp(torch.log(b) + log_beta).to(self.a.dtype)

    def _log_survival(self, value: Tensor) -> Tensor:
        return self.b * log1mexp(self.a * torch.log(value))
