"""The BinaryConcrete distribution of Maddison, Mnih & Teh (2017), the base of HardConcrete."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints, register_kl
from torch.distributions.utils import broadcast_all
from torch.nn.functional import logsigmoid, softplus

from latent_rationale.common.distributions.numerics import inside_unit_interval, integrate_unit_interval, widest
from latent_rationale.common.distributions.selection import Shape, UnitInterval


class BinaryConcrete(UnitInterval):
    """Sigmoid of a logistic variable with mean ``location / temperature`` and scale ``1 / temperature``.

    Quadrature assumes that the temperature is at most 10: above, the distribution is narrower than the distance between
    the points.

    Args:
        location: log alpha, any real number; large values push the mass to 1.
        temperature: positive; below 1 the mass gathers at both ends.
    """

    arg_constraints = {"location": constraints.real, "temperature": constraints.positive}

    def __init__(self, location: Tensor | float, temperature: Tensor | float, validate_args: bool | None = None):
        self.location, self.temperature = broadcast_all(location, temperature)
        super().__init__(self.location.shape, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> "BinaryConcrete":
        """Return the distribution with its parameters expanded to a larger batch shape."""
        location, temperature = self.location.expand(batch_shape), self.temperature.expand(batch_shape)
        return BinaryConcrete(location, temperature, validate_args=False)

    @property
    def like(self) -> Tensor:
        """The location, log alpha."""
        return self.location

    def icdf(self, value: Tensor) -> Tensor:
        """Compute the inverse cdf, sigmoid((logit(u) + location) / temperature), kept inside (0, 1)."""
        return inside_unit_interval(torch.sigmoid((torch.logit(value) + self.location) / self.temperature))

    def survival(self, value: Tensor) -> Tensor:
        """Compute P(X > value)."""
        return torch.sigmoid(-self._standardise(value))

    def log_survival(self, value: Tensor) -> Tensor:
        """Compute log P(X > value)."""
        return logsigmoid(-self._standardise(value))

    def cdf(self, value: Tensor) -> Tensor:
        """Compute P(X <= value)."""
        return torch.sigmoid(self._standardise(value))

    def log_cdf(self, value: Tensor) -> Tensor:
        """Compute log P(X <= value)."""
        return logsigmoid(self._standardise(value))

    def log_prob(self, value: Tensor) -> Tensor:
        """Compute the log density; at an end, that of the next number inside."""
        if self._validate_args:
            self._validate_sample(value)
        value = inside_unit_interval(value)
        standard = self._standardise(value)
        logistic = torch.log(self.temperature) + logsigmoid(standard) + logsigmoid(-standard)
        return logistic - torch.log(value) - torch.log1p(-value)

    def _standardise(self, value: Tensor) -> Tensor:
        """Map values on (0, 1) to a standard logistic variable."""
        return self.temperature * torch.logit(value) - self.location

    @property
    def mean(self) -> Tensor:
        """Mean, the integral of P(X > x) over (0, 1); there is no closed form."""
        return integrate_unit_interval(self.survival, like=self.location)

    @property
    def mode(self) -> Tensor:
        """Most likely value: the limit of the density's maximum over [e, 1 - e] for e to 0.

        Up to a temperature of 1 it is the end on the side of the location: 1 for a positive, 0 for a negative location,
        1/2 for none. Above, the density has one maximum inside.
        """
        end = (1 + torch.sign(self.location)) / 2
        inside = self.temperature > 1
        # Temperatures without a maximum inside are replaced before the root is sought, so that gradients are finite.
        peak = _peak(widest(self.location), widest(torch.where(inside, self.temperature, 2.0)))
        return torch.where(inside, peak.to(end.dtype), end)

    def entropy(self) -> Tensor:
        """Compute the differential entropy in nats: that of a logistic variable, plus E[log X + log(1 - X)]."""
        location, temperature = widest(self.location), widest(self.temperature)
        entropy = 2 - torch.log(temperature) - _expected_log_density(location, temperature)
        return entropy.to(self.location.dtype)


@register_kl(BinaryConcrete, BinaryConcrete)  # type: ignore[no-untyped-call, untyped-decorator]
def _kl_binary_concrete(p: BinaryConcrete, q: BinaryConcrete) -> Tensor:
    """Compute KL(p || q), which is that of the two logistic variables behind the sigmoid, in float64.

    If U is the variable of p that q would take for a standard logistic one, then U is logistic itself, and
    -E[log sigmoid(U) + log sigmoid(-U)] is -E[log X + log(1 - X)] of another BinaryConcrete variable X.
    """
    parameters = broadcast_all(p.location, p.temperature, q.location, q.temperature)
    location, temperature, other_location, other_temperature = (widest(x) for x in parameters)
    ratio = temperature / other_temperature
    divergence = torch.log(ratio) - 2 + _expected_log_density(location - ratio * other_location, ratio)
    return divergence.to(p.location.dtype)


def _expected_log_density(location: Tensor, temperature: Tensor) -> Tensor:
    """Compute -E[log X + log(1 - X)] for a BinaryConcrete variable X, by quadrature in float64.

    With the logistic variable Y = logit(X) it is E|Y| + 2 E[log(1 + exp(-|Y|))]. The first expectation has a closed
    form; the second is an integral over exp(-|y|) in (0, 1).
    """

    def remainder(value: Tensor) -> Tensor:  # at value = exp(-|y|), for y > 0 and y < 0 together
        log_value = temperature * torch.log(value)
        density = temperature * sum(
            torch.exp(logsigmoid(standard) + logsigmoid(-standard))
            for standard in (-log_value - location, log_value - location)
        )
        return torch.log1p(value) / value * density

    absolute = (softplus(location) + softplus(-location)) / temperature
    return absolute + 2 * integrate_unit_interval(remainder, like=location)


def _peak(location: Tensor, temperature: Tensor) -> Tensor:
    """Find the maximum of the density inside (0, 1), for temperatures above 1.

    With x = sigmoid(y) and z = temperature * y - location, the log density is stationary where temperature * tanh(z/2)
    = tanh(y/2), that is at the root of z - 2 artanh(tanh(y/2) / temperature), which rises in z.
    """

    def excess(z: Tensor) -> tuple[Tensor, Tensor]:
        ratio = torch.tanh((z + location) / (2 * temperature))
        slope = 1 - (1 - ratio.square()) / (temperature.square() - ratio.square())
        return z - 2 * torch.atanh(ratio / temperature), slope

    with torch.no_grad():
        high = 2 * torch.atanh(1 / temperature)
        low = -high
        for _ in range(60):  # bisection, to the last digit of float64
            middle = (low + high) / 2
            below = excess(middle)[0] < 0
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    # One step of Newton's method at the root does not move it, but gives it the gradient of an implicit function.
    value, slope = excess(low)
    return torch.sigmoid((low - value / slope.detach() + location) / temperature)
