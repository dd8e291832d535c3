"""Rectified distributions: stretched beyond [0, 1], with the mass outside collected at the two ends."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints, register_kl

from latent_rationale.common.distributions.numerics import integrate_unit_interval, widest, widest_type
from latent_rationale.common.distributions.selection import Selection, Shape, UnitInterval, variance_by_quadrature


class Rectified(Selection):
    """H = min(1, max(0, low + (high - low) * K)) for a base variable K on (0, 1) (paper, section 3.2).

    The base mass below 0 and above 1 after the stretch becomes the point masses P(H = 0) and P(H = 1); between them H
    is continuous and differentiable in the parameters of the base.

    Densities of H, and hence ``log_prob``, ``entropy`` and ``kl_divergence``, are with respect to a mixed base measure:
    a unit point mass at 0, a unit point mass at 1, and the Lebesgue measure between them.

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

    def __repr__(self) -> str:
        """Return class and parameters in the format of ``torch.distributions``."""
        parameters = {name: getattr(self.base, name) for name in self.base.arg_constraints}
        shown = [f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in parameters.items()]
        return f"{type(self).__name__}({', '.join([*shown, f'low: {self.low}', f'high: {self.high}'])})"

    def expand(self, batch_shape: Shape, _instance: Any = None) -> "Rectified":
        """Return the distribution with its parameters expanded to a larger batch shape."""
        expanded = type(self).__new__(type(self)) if _instance is None else _instance
        Rectified.__init__(expanded, self.base.expand(batch_shape), self.low, self.high, validate_args=False)
        return expanded

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        """Draw reparameterised samples: gradients flow wherever a sample lies strictly between 0 and 1."""
        return self._stretch(self.base.rsample(torch.Size(sample_shape)))

    def icdf(self, value: Tensor) -> Tensor:
        """Compute the inverse cdf (equation 10)."""
        return self._stretch(self.base.icdf(value))

    @property
    def p0(self) -> Tensor:
        """Probability P(H = 0) (equation 8)."""
        return self.base.cdf(self._unstretch(_constant(0.0))).to(self.base.like.dtype)

    @property
    def p1(self) -> Tensor:
        """Probability P(H = 1) (equation 9)."""
        return self.base.survival(self._unstretch(_constant(1.0))).to(self.base.like.dtype)

    def cdf(self, value: Tensor) -> Tensor:
        """Compute P(H <= value), which jumps at 0 and at 1."""
        below, inside = value < 0, value < 1
        # Values outside [0, 1) are replaced before the base sees them: its gradients are NaN outside its support.
        middle = self.base.cdf(self._unstretch(torch.where(inside & ~below, value, 0.5)))
        return torch.where(inside, middle.masked_fill(below, 0.0), 1.0)

    def log_prob(self, value: Tensor) -> Tensor:
        """Compute the log of the point masses at 0 and 1, and the log density between them (equation 24)."""
        if self._validate_args:
            self._validate_sample(value)
        at_zero, at_one = value == 0, value == 1
        density = self._log_density(torch.where(at_zero | at_one, 0.5, value))
        # Not the logarithms of p0 and p1, which may underflow: these are finite, and so are their gradients.
        log_p0 = self.base.log_cdf(self._unstretch(_constant(0.0))).to(density.dtype)
        log_p1 = self.base.log_survival(self._unstretch(_constant(1.0))).to(density.dtype)
        return torch.where(at_zero, log_p0, torch.where(at_one, log_p1, density))

    @property
    def mean(self) -> Tensor:
        """True mean: the integral of P(H > h) over (0, 1)."""
        return integrate_unit_interval(self._survival, like=self.base.like)

    @property
    def variance(self) -> Tensor:
        """Variance of the mixed variable, from the second moment: the integral of 2 h P(H > h) over (0, 1)."""
        return variance_by_quadrature(self._survival, self.base.like)

    @property
    def mode(self) -> Tensor:
        """Most likely of 0, 1 and the open interval; there, the point of highest density.

        Where the density rises towards an end of the interval, that point is the end.
        """
        peak = self._stretch(self.base.mode)
        # Where the base is lowest in the middle, its own mode may lie beyond the wrong end of [0, 1]. Densities are
        # compared in float64, and ties (a flat density) go to the peak: [peak, 0, 1] are [3, *batch_shape].
        candidates = torch.stack([peak, torch.zeros_like(peak), torch.ones_like(peak)])
        density = self._log_density(widest(candidates))
        highest = torch.cat([density[:1] + 1e-12, density[1:]]).argmax(0, keepdim=True)
        return self._most_likely(candidates.gather(0, highest).squeeze(0))

    def decide(self) -> Tensor:
        """Return the most likely of 0, 1 and the open interval; there, the mean of the unstretched base (section 5)."""
        return self._most_likely(self.base.mean)

    def entropy(self) -> Tensor:
        """Compute the entropy with respect to the mixed base measure, in nats.

        It is the entropy of the three outcomes plus P(0 < H < 1) times the differential entropy between the ends.
        """
        log_p0, log_p1 = self._log_masses()

        def surprise(value: Tensor) -> Tensor:
            log_density = self._log_density(value)
            return -torch.exp(log_density) * log_density

        continuous = integrate_unit_interval(surprise, like=log_p0)
        entropy = continuous - torch.exp(log_p0) * log_p0 - torch.exp(log_p1) * log_p1
        return entropy.to(self.base.like.dtype)

    def _most_likely(self, inside: Tensor) -> Tensor:
        """Return 0, 1, or ``inside`` where the open interval is the most likely outcome."""
        p0, p1 = self.p0, self.p1
        between = 1 - p0 - p1 > torch.maximum(p0, p1)
        return torch.where(between, inside, (p1 >= p0).to(p0.dtype))

    def _log_masses(self) -> tuple[Tensor, Tensor]:
        """Compute log P(H = 0) and log P(H = 1) in float64, finite where the masses underflow."""
        # Of the batch shape and not a scalar, so that float32 parameters are promoted to float64.
        zero = torch.zeros_like(self.base.like, dtype=widest_type(self.base.like.device))
        return self.base.log_cdf(self._unstretch(zero)), self.base.log_survival(self._unstretch(zero + 1))

    def _log_density(self, value: Tensor) -> Tensor:
        """Compute the log density at values that are not point masses."""
        return self.base.log_prob(self._unstretch(value)) - math.log(self.high - self.low)

    def _survival(self, value: Tensor) -> Tensor:
        """Compute P(H > value) for values in [0, 1)."""
        return self.base.survival(self._unstretch(value))

    def _stretch(self, value: Tensor) -> Tensor:
        """Map the base's (0, 1) to (low, high), and what is outside [0, 1] to the ends."""
        return (self.low + (self.high - self.low) * value).clamp(0, 1)

    def _unstretch(self, value: Tensor) -> Tensor:
        """Map [0, 1] back into the base's (0, 1)."""
        return (value - self.low) / (self.high - self.low)


@register_kl(Rectified, Rectified)  # type: ignore[no-untyped-call, untyped-decorator]
def _kl_rectified(p: Rectified, q: Rectified) -> Tensor:
    """Compute KL(p || q) with respect to the mixed base measure, for any two rectified distributions, in float64.

    All have point masses at 0 and 1 and a positive density between, so that bases and stretches may differ. Each part
    is p log(p / q) - p + q, which is never negative; what is added to p log(p / q) sums to zero over all parts.
    """

    def part(log_p: Tensor, log_q: Tensor) -> Tensor:
        mass = torch.exp(log_p)
        return mass * (log_p - log_q) - mass + torch.exp(log_q)

    log_p0, log_p1 = p._log_masses()
    other_log_p0, other_log_p1 = q._log_masses()
    masses = part(log_p0, other_log_p0) + part(log_p1, other_log_p1)
    between = integrate_unit_interval(lambda value: part(p._log_density(value), q._log_density(value)), like=masses)
    return (masses + between).to(p.base.like.dtype)


def _constant(value: float) -> Tensor:
    """Return a float64 scalar, which leaves the floating-point type and device of a batch as they are."""
    return torch.tensor(value, dtype=torch.float64)
