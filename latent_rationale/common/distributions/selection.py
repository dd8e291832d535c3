"""What every distribution over a choice must be able to say."""

from abc import abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution, constraints

Shape = torch.Size | list[int] | tuple[int, ...]
"""What torch takes for a shape."""


class Selection(Distribution):
    """A distribution over a choice Z in [0, 1]: 0 leaves a word out, 1 takes it, a fraction takes it in part.

    To the vocabulary of ``torch.distributions`` it adds the probabilities of the two exact outcomes, the decision taken
    at prediction time, and the way from a network's real-valued output to the parameters.
    """

    parameter_count: ClassVar[int]
    """How many real numbers per choice ``from_raw`` asks of a network."""

    @classmethod
    @abstractmethod
    def from_raw(cls, raw: Tensor) -> "Selection":
        """From real numbers ``[*, parameter_count]`` to a distribution with batch shape ``[*]``, without validation."""

    @property
    @abstractmethod
    def p0(self) -> Tensor:
        """P(Z = 0)."""

    @property
    @abstractmethod
    def p1(self) -> Tensor:
        """P(Z = 1)."""

    @abstractmethod
    def icdf(self, value: Tensor) -> Tensor:
        """The inverse cdf: from uniform noise on (0, 1) to a sample, with gradients where the distribution has them."""

    @abstractmethod
    def decide(self) -> Tensor:
        """The most likely of {0, 1, something in between}, without randomness (paper, section 5)."""


class UnitInterval(Distribution):
    """A continuous distribution on the open interval (0, 1), fit to be stretched and rectified.

    Samples never reach the ends in floating point: they stay in [tiny, 1 - eps].
    """

    has_rsample = True

    @property
    def support(self) -> constraints.Constraint:
        """The closed interval, because torch names no open one; samples keep off its ends."""
        return constraints.unit_interval

    @property
    @abstractmethod
    def like(self) -> Tensor:
        """One of the parameters, for its device and number format."""

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        """Reparameterised samples."""
        return self.icdf(uniform_noise(self._extended_shape(torch.Size(sample_shape)), self.like))

    @abstractmethod
    def icdf(self, value: Tensor) -> Tensor:
        """The inverse cdf, kept inside (0, 1)."""

    @abstractmethod
    def survival(self, value: Tensor) -> Tensor:
        """P(X > value): a function of its own, since ``1 - cdf`` loses all digits where it is small."""


def inside_unit_interval(value: Tensor) -> Tensor:
    """Clamp to the open interval (0, 1) as far as the number format can express it."""
    limits = torch.finfo(value.dtype)
    return value.clamp(limits.tiny, 1 - limits.eps)


def uniform_noise(shape: torch.Size, like: Tensor) -> Tensor:
    """Uniform noise on the open interval (0, 1), with the device and number format of ``like``."""
    eps = torch.finfo(like.dtype).eps
    return torch.rand(shape, dtype=like.dtype, device=like.device).clamp(eps, 1 - eps)


def log1mexp(value: Tensor) -> Tensor:
    """log(1 - exp(value)) for value < 0, accurate at both ends and with finite gradients.

    Each branch sees only the arguments it is accurate for; the others are replaced before it, not after, because the
    gradient of a discarded branch would still be NaN where it overflows.
    """
    near_zero = value > -0.6931
    small = torch.where(near_zero, value, -1.0)
    large = torch.where(near_zero, -1.0, value)
    return torch.where(near_zero, torch.log(-torch.expm1(small)), torch.log1p(-torch.exp(large)))


def integrate_unit_interval(function: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
    """The integral over (0, 1) of a function from ``[n, 1, ..., 1]`` points to ``[n, *]`` values shaped as ``like``.

    Points are float64, so that a float32 distribution is integrated without losing digits near 1.
    """
    points, weights = (torch.as_tensor(x, device=like.device) for x in _quadrature())
    values = function(points.reshape(-1, *(1 for _ in like.shape)))
    integral: Tensor = torch.tensordot(weights, values.double(), dims=1)
    return integral.to(like.dtype)


@lru_cache
def _quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tanh-sinh nodes and weights on (0, 1): they crowd towards the ends, where survival functions turn sharply."""
    steps = np.arange(-2.9, 2.9, 0.05)
    nodes = 1 / (1 + np.exp(-np.pi * np.sinh(steps)))
    weights = np.cosh(steps) * nodes * (1 - nodes)
    return nodes, weights / weights.sum()
