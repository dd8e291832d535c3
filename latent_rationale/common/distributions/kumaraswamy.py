"""The Kumaraswamy distribution, in log space."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributions import constraints, register_kl
from torch.distributions.utils import broadcast_all

from latent_rationale.common.distributions.numerics import (
    inside_unit_interval,
    integrate_unit_interval,
    log1mexp,
    widest,
)
from latent_rationale.common.distributions.selection import Shape, UnitInterval


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
        """Return the distribution with its parameters expanded to a larger batch shape."""
        return Kumaraswamy(self.a.expand(batch_shape), self.b.expand(batch_shape), validate_args=False)

    @property
    def like(self) -> Tensor:
        """The first shape parameter."""
        return self.a

    def icdf(self, value: Tensor) -> Tensor:
        """Compute the inverse cdf (equation 5), kept inside (0, 1)."""
        # x = (1 - (1 - u)^(1/b))^(1/a), with each power as a product of logarithms.
        return inside_unit_interval(torch.exp(log1mexp(torch.log1p(-value) / self.b) / self.a))

    def log_survival(self, value: Tensor) -> Tensor:
        """Compute log P(X > value) = b log(1 - x^a)."""
        return self.b * log1mexp(self.a * torch.log(value))

    def survival(self, value: Tensor) -> Tensor:
        """Compute P(X > value) = (1 - x^a)^b."""
        return torch.exp(self.log_survival(value))

    def log_cdf(self, value: Tensor) -> Tensor:
        """Compute log P(X <= value), also where x^a underflows."""
        log_power = self.a * torch.log(value)
        # Where x^a is below the square root of the smallest number, 1 - (1 - x^a)^b is b x^a to the last digit.
        small = log_power < math.log(torch.finfo(log_power.dtype).tiny) / 2
        exact = log1mexp(self.b * log1mexp(torch.where(small, -1.0, log_power)))
        return torch.where(small, torch.log(self.b) + log_power, exact)

    def cdf(self, value: Tensor) -> Tensor:
        """Compute P(X <= value) (equation 18b)."""
        return -torch.expm1(self.log_survival(value))

    def log_prob(self, value: Tensor) -> Tensor:
        """Compute the log density (equation 17); at an end, that of the next number inside."""
        if self._validate_args:
            self._validate_sample(value)
        value = inside_unit_interval(value)
        log_value = torch.log(value)
        log_scale = torch.log(self.a) + torch.log(self.b)
        return log_scale + (self.a - 1) * log_value + (self.b - 1) * log1mexp(self.a * log_value)

    @property
    def mean(self) -> Tensor:
        """Mean in closed form, b B(1 + 1/a, b)."""
        return self._moment(1).to(self.a.dtype)

    @property
    def variance(self) -> Tensor:
        """Variance from the first two moments."""
        return (self._moment(2) - self._moment(1).square()).clamp(min=0).to(self.a.dtype)

    def _moment(self, order: int) -> Tensor:
        """Compute E[X^n] = b B(1 + n/a, b) in float64: lgamma in float32 is wrong in the third digit at a = 1e-4."""
        a, b = widest(self.a), widest(self.b)
        log_beta = torch.lgamma(1 + order / a) + torch.lgamma(b) - torch.lgamma(1 + order / a + b)
        return torch.exp(torch.log(b) + log_beta)

    @property
    def mode(self) -> Tensor:
        """Most likely value: the limit of the density's maximum over [e, 1 - e] for e to 0.

        It is ((a - 1) / (a b - 1))^(1/a) for a, b >= 1 (1/2 for the uniform distribution). Otherwise the density is
        infinite at an end, at 0 if a < 1 and at 1 if b < 1, and the mode is that end; if it is infinite at both, the
        mode is the end where the density grows faster: 0 if a < b, else 1.
        """
        a, b = widest(self.a), widest(self.b)
        inside = (a >= 1) & (b >= 1) & ((a > 1) | (b > 1))
        # Arguments that the formula is not made for are replaced before it, so that gradients are finite everywhere.
        above_a, above_b = torch.where(inside, a - 1, 1.0), torch.where(inside, b - 1, 1.0)
        peak = (above_a / (above_a * above_b + above_a + above_b)) ** (1 / torch.where(inside, a, 1.0))
        end = torch.where((a == 1) & (b == 1), 0.5, widest(a >= b))
        return torch.where(inside, peak, end).to(self.a.dtype)

    def entropy(self) -> Tensor:
        """Compute the differential entropy in closed form, in nats."""
        a, b = widest(self.a), widest(self.b)
        entropy = 1 - 1 / b + (1 - 1 / a) * _harmonic(b) - torch.log(a) - torch.log(b)
        return entropy.to(self.a.dtype)


@register_kl(Kumaraswamy, Kumaraswamy)  # type: ignore[no-untyped-call, untyped-decorator]
def _kl_kumaraswamy(p: Kumaraswamy, q: Kumaraswamy) -> Tensor:
    """Compute KL(p || q) in float64: closed form but for D = E[log(1 - X^a_q) - log(1 - X^a_p)], which is integrated.

    KL = log(a_p b_p / (a_q b_q)) - (1 - a_q / a_p) H(b_p) + b_q / b_p - 1 - (b_q - 1) D, where H(b) is the harmonic
    number, -a_p E[log X]. D is exactly 0 for a_p = a_q.
    """
    a, b, other_a, other_b = (widest(x) for x in broadcast_all(p.a, p.b, q.a, q.b))
    ratio = other_a / a

    def difference(noise: Tensor) -> Tensor:
        # For noise w = P(X > x), uniform on (0, 1): log(1 - x^a) = log(w) / b. Below -100, where x^a rounds to 1, the
        # difference has its limit log(ratio), and exp would underflow.
        log_rest = (torch.log(noise) / b).clamp(min=-100)
        log_power = log1mexp(log_rest)  # log(x^a)
        return log1mexp(ratio * log_power) - log1mexp(log_power)

    integral = integrate_unit_interval(difference, like=a)
    closed = torch.log(a * b) - torch.log(other_a * other_b) - (1 - ratio) * _harmonic(b) + other_b / b - 1
    return (closed - (other_b - 1) * integral).to(p.a.dtype)


def _harmonic(value: Tensor) -> Tensor:
    """Compute the harmonic number of a real, digamma(value + 1) + Euler's constant."""
    harmonic: Tensor = torch.digamma(value + 1) + np.euler_gamma
    return harmonic
