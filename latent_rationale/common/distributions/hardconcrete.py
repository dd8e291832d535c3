"""The HardConcrete distribution of Louizos, Welling & Kingma (2018)."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints
from torch.distributions.utils import broadcast_all
from torch.nn.functional import logsigmoid

from latent_rationale.common.distributions.rectified import Rectified
from latent_rationale.common.distributions.selection import (
    Shape,
    UnitInterval,
    inside_unit_interval,
    integrate_unit_interval,
)


class BinaryConcrete(UnitInterval):
    """The sigmoid of a logistic variable with mean ``location / temperature`` and scale ``1 / temperature``.

    Args:
        location: log alpha, any real number; large ones push the mass to 1.
        temperature: positive; below 1 the mass gathers at both ends.
    """

    arg_constraints = {"location": constraints.real, "temperature": constraints.positive}

    def __init__(self, location: Tensor | float, temperature: Tensor | float, validate_args: bool | None = None):
        self.location, self.temperature = broadcast_all(location, temperature)
        super().__init__(self.location.shape, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> "BinaryConcrete":
        """The same distribution over a larger batch shape."""
        location, temperature = self.location.expand(batch_shape), self.temperature.expand(batch_shape)
        return BinaryConcrete(location, temperature, validate_args=False)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse cdf, sigmoid((logit(u) + location) / temperature), kept inside (0, 1)."""
        return inside_unit_interval(torch.sigmoid((torch.logit(value) + self.location) / self.temperature))

    @property
    def like(self) -> Tensor:
        """The location."""
        return self.location

    def survival(self, value: Tensor) -> Tensor:
        """P(X > value)."""
        return torch.sigmoid(-self._standardise(value))

    def cdf(self, value: Tensor) -> Tensor:
        """P(X <= value)."""
        return torch.sigmoid(self._standardise(value))

    def log_prob(self, value: Tensor) -> Tensor:
        """The log density."""
        if self._validate_args:
            self._validate_sample(value)
        standard = self._standardise(value)
        logistic = torch.log(self.temperature) + logsigmoid(standard) + logsigmoid(-standard)
        return logistic - torch.log(value) - torch.log1p(-value)

    @property
    def mean(self) -> Tensor:
        """The integral of the survival function: there is no closed form."""
        return integrate_unit_interval(self.survival, like=self.location)

    def _standardise(self, value: Tensor) -> Tensor:
        return self.temperature * torch.logit(value) - self.location


class HardConcrete(Rectified):
    """HardConcrete(location, temperature, low, high): a BinaryConcrete variable, stretched and rectified.

    Args:
        location: log alpha of the base.
        temperature: temperature of the base; 2/3 as in Louizos et al. (2018), section 2.2.
        low: lower end of the stretched support, below 0.
        high: upper end, above 1.
    """

    base: BinaryConcrete
    parameter_count = 1
    arg_constraints = {"location": constraints.real}

    def __init__(
        self,
        location: Tensor | float,
        temperature: Tensor | float = 2 / 3,
        low: float = -0.1,
        high: float = 1.1,
        validate_args: bool | None = None,
    ):
        base = BinaryConcrete(location, temperature, validate_args=validate_args)
        super().__init__(base, low, high, validate_args=validate_args)

    @classmethod
    def from_raw(cls, raw: Tensor) -> "HardConcrete":
        """The raw number is the location."""
        (parameter,) = raw.unbind(-1)
        return cls(parameter, validate_args=False)

    @property
    def location(self) -> Tensor:
        """Log alpha of the base."""
        return self.base.location
