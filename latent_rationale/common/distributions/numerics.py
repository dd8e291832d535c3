"""Numerical tools of the distributions: uniform noise, a stable logarithm and quadrature on (0, 1)."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def inside_unit_interval(value: Tensor) -> Tensor:
    """Clamp to the open interval (0, 1), as far as the floating-point type can express it."""
    limits = torch.finfo(value.dtype)
    return value.clamp(limits.tiny, 1 - limits.eps)


def uniform_noise(shape: torch.Size, like: Tensor) -> Tensor:
    """Draw uniform noise on the open interval (0, 1), with the device and floating-point type of ``like``."""
    eps = torch.finfo(like.dtype).eps
    # torch.rand may return exactly 0, whose logarithm is infinite.
    return torch.rand(shape, dtype=like.dtype, device=like.device).clamp(eps, 1 - eps)


def log1mexp(value: Tensor) -> Tensor:
    """Compute log(1 - exp(value)) for value < 0, accurate at both ends and with finite gradients.

    Each branch sees only the arguments for which it is accurate. The others are replaced before the branch and not
    after it, because the gradient of a discarded branch would still be NaN where that branch overflows.
    """
    near_zero = value > -0.6931
    small = torch.where(near_zero, value, -1.0)
    large = torch.where(near_zero, -1.0, value)
    return torch.where(near_zero, torch.log(-torch.expm1(small)), torch.log1p(-torch.exp(large)))


WITHOUT_FLOAT64 = frozenset({"mps"})
"""Types of devices that have no float64; there, float32 has to do."""


def widest(tensor: Tensor) -> Tensor:
    """Convert a tensor to float64, or to float32 on a device without float64, such as Apple's GPU."""
    return tensor.to(widest_type(tensor.device))


def widest_type(device: torch.device) -> torch.dtype:
    """Return float64, or float32 for a device without float64."""
    return torch.float32 if device.type in WITHOUT_FLOAT64 else torch.float64


def integrate_unit_interval(function: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
    """Integrate a function over (0, 1) with a fixed tanh-sinh rule of 116 points.

    Args:
        function: from points ``[N, 1, ..., 1]``, in float64 if the device has it, to values ``[N, *]``.
        like: tensor ``[*]`` with the shape, device and floating-point type of the result.
    """
    dtype = widest_type(like.device)
    points, weights = (torch.as_tensor(x, dtype=dtype, device=like.device) for x in _quadrature())
    points = points.clamp(max=1 - torch.finfo(dtype).eps)  # the last ones are 1 in float32
    # One trailing dimension for each dimension of the batch, so that points broadcast against parameters [*]. The
    # points are float64, and so is the product with float32 parameters: near 1, float32 would lose digits.
    values = function(points.reshape(-1, *(1 for _ in like.shape)))
    integral: Tensor = torch.tensordot(weights, values.to(dtype), dims=1)
    return integral.to(like.dtype)


@lru_cache
def _quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute tanh-sinh nodes and weights on (0, 1), each ``[116]``.

    The substitution x = (1 + tanh(pi / 2 * sinh(t))) / 2 makes the nodes cluster towards both ends, where survival
    functions and densities turn sharply. The range of t is cut where x is within 5e-13 of an end.
    """
    steps = np.arange(-2.9, 2.9, 0.05)
    nodes = 1 / (1 + np.exp(-np.pi * np.sinh(steps)))
    weights = np.cosh(steps) * nodes * (1 - nodes)
    return nodes, weights / weights.sum()
