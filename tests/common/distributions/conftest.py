"""The table that feeds the generic tests: a new distribution gets one entry here and is covered by all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import pytest
import torch
from torch import Tensor
from torch.distributions import Distribution

from latent_rationale.common.distributions import (
    Bernoulli,
    BinaryConcrete,
    HardConcrete,
    HardKuma,
    Kumaraswamy,
    Rectified,
    Selection,
    UnitInterval,
)


@dataclass(frozen=True)
class Case:
    """How a distribution is built, one batch of parameters to try it at, and values that each parameter refuses."""

    build: Callable[..., Distribution]
    parameters: dict[str, list[float]]
    refused: dict[str, list[float]]

    def tensors(self, dtype: torch.dtype = torch.float64) -> list[Tensor]:
        return [torch.tensor(values, dtype=dtype) for values in self.parameters.values()]

    def __call__(self, dtype: torch.dtype = torch.float64) -> Distribution:
        return self.build(*self.tensors(dtype))


def widely_stretched(location: Tensor, temperature: Tensor) -> Rectified:
    return Rectified(BinaryConcrete(location, temperature), low=-0.3, high=1.2)


SHAPES = {"a": [0.5, 1.0, 1.0, 2.0, 5.0, 0.5], "b": [0.5, 1.0, 3.0, 2.0, 0.5, 3.0]}
CONCRETE = {"location": [-2.0, 0.0, 0.5, 3.0], "temperature": [0.7, 1.0, 2.0, 0.6]}
POSITIVE, REAL = [0.0, -1.0, nan], [nan]

CASES = {
    "bernoulli": Case(Bernoulli, {"logits": [-3.0, -0.4, 0.0, 2.0]}, {"logits": REAL}),
    "hardkuma": Case(HardKuma, SHAPES, {"a": POSITIVE, "b": POSITIVE}),
    "hardconcrete": Case(HardConcrete, {"location": [-2.5, 0.0, 0.5, 3.0]}, {"location": REAL}),
    "Kumaraswamy": Case(Kumaraswamy, SHAPES, {"a": POSITIVE, "b": POSITIVE}),
    "BinaryConcrete": Case(BinaryConcrete, CONCRETE, {"location": REAL, "temperature": POSITIVE}),
    "Rectified": Case(widely_stretched, CONCRETE, {"location": REAL, "temperature": POSITIVE}),
}
SELECTIONS = [name for name, case in CASES.items() if isinstance(case(), Selection)]
BASES = [name for name, case in CASES.items() if isinstance(case(), UnitInterval)]
CONTINUOUS = [name for name, case in CASES.items() if case().has_rsample]


@pytest.fixture(scope="session")
def cases() -> dict[str, Case]:
    return CASES


@pytest.fixture(scope="session", params=CASES)
def case(request) -> Case:
    """Every entry of the table."""
    return CASES[request.param]


@pytest.fixture(scope="session", params=SELECTIONS)
def selection(request) -> Case:
    """Those with point masses."""
    return CASES[request.param]


@pytest.fixture(scope="session", params=BASES)
def base(request) -> Case:
    """Those on the open interval."""
    return CASES[request.param]


@pytest.fixture(scope="session", params=CONTINUOUS)
def continuous(request) -> Case:
    """Those with a density and reparameterised samples."""
    return CASES[request.param]


@pytest.fixture
def inside() -> Tensor:
    """Points of the open interval (0, 1), to be broadcast against a batch: ``[n, 1]``."""
    return torch.linspace(0.01, 0.99, 25, dtype=torch.float64).unsqueeze(-1)
