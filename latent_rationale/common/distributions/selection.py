"""Abstract distributions: ``Selection`` over the choice of a word, ``UnitInterval`` as a base to be rectified."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints

from latent_rationale.common.distributions.numerics import integrate_unit_interval, uniform_noise, widest

Shape = torch.Size | list[int] | tuple[int, ...]
"""Types that torch accepts as a shape."""


class Selection(Distribution):
    """Distribution over a choice Z in [0, 1]: 0 drops a word, 1 keeps it, a fraction keeps it in part.

    The vocabulary of ``torch.distributions`` (``mean``, ``variance``, ``mode``, ``entropy``, ``log_prob``, ``cdf``,
    ``kl_divergence``) is extended by the probabilities of the two exact outcomes, by the decision taken at prediction
    time, and by the mapping from a network's real-valued output to the parameters.
    """

    parameter_count: ClassVar[int]
    """Number of real values per choice that ``from_raw`` expects."""

    @classmethod
    @abstractmethod
    def from_raw(cls, raw: Tensor) -> "Selection":
        """Map real values ``[*, parameter_count]`` to a distribution with batch shape ``[*]``, without validation."""

    @property
    @abstractmethod
    def p0(self) -> Tensor:
        """Probability P(Z = 0), of the batch shape."""

    @property
    @abstractmethod
    def p1(self) -> Tensor:
        """Probability P(Z = 1), of the batch shape."""

    @abstractmethod
    def icdf(self, value: Tensor) -> Tensor:
        """Map uniform noise on (0, 1) to samples, with gradients if ``has_rsample``."""

    @abstractmethod
    def decide(self) -> Tensor:
        """Return the most likely of {0, 1, something in between}, without randomness (paper, section 5)."""


class UnitInterval(Distribution):
    """Continuous distribution on the open interval (0, 1), suitable to be stretched and rectified.

    Samples never reach the ends in floating point: they stay in [tiny, 1 - eps].
    """

    has_rsample = True

    @property
    def support(self) -> constraints.Constraint:
        """The closed unit interval, because torch has no constraint for the open one."""
        return constraints.unit_interval

    @property
    @abstractmethod
    def like(self) -> Tensor:
        """One of the parameters, for its shape, device and floating-point type."""

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        """Draw reparameterised samples ``[*sample_shape, *batch_shape]``."""
        return self.icdf(uniform_noise(self._extended_shape(torch.Size(sample_shape)), self.like))

    @abstractmethod
    def icdf(self, value: Tensor) -> Tensor:
        """Compute the inverse cdf, kept inside (0, 1)."""

    @abstractmethod
    def survival(self, value: Tensor) -> Tensor:
        """Compute P(X > value). It is a method of its own, since ``1 - cdf`` loses all digits where it is small."""

    @abstractmethod
    def log_survival(self, value: Tensor) -> Tensor:
        """Compute log P(X > value), also where the probability itself underflows."""

    @abstractmethod
    def log_cdf(self, value: Tensor) -> Tensor:
        """Compute log P(X <= value), also where the probability itself underflows."""

    @property
    def variance(self) -> Tensor:
        """Variance from the second moment, the integral over (0, 1) of 2 x P(X > x)."""
        return variance_by_quadrature(self.survival, self.like)


def variance_by_quadrature(survival: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
    """Compute the variance of a variable X on [0, 1] from P(X > x), in float64 until the moments are subtracted."""
    double = widest(like)
    mean = integrate_unit_interval(survival, like=double)
    second_moment = integrate_unit_interval(lambda value: 2 * value * survival(value), like=double)
    return (second_moment - mean.square()).clamp(min=0).to(like.dtype)
