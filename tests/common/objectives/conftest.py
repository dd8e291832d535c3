"""The table that feeds the generic tests: a new objective gets an entry here and is covered by all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from latent_rationale.common.objectives import (
    Constrained,
    Constraints,
    Criterion,
    LagrangeMultiplier,
    Objective,
    Reinforce,
    Supervised,
)


def new_multiplier(target: float, initial: float = 0.5) -> LagrangeMultiplier:
    return LagrangeMultiplier(target, initial, learning_rate=0.1, smoothing=0.5, minimum=1e-12, maximum=5.0)


@dataclass(frozen=True)
class Case:
    """An objective by its name in ``OBJECTIVES``, a variant whose model it is for, and parameters to try it with."""

    name: str
    variant: str
    build: Callable[[Criterion], Objective]


CASES = {
    "supervised": Case("supervised", "baseline", Supervised),
    "supervised_attention": Case("supervised", "attention", Supervised),
    "constrained": Case("constrained", "latent", lambda task: Constrained(task, Constraints(new_multiplier(0.3)))),
    "with_lasso": Case(
        "constrained",
        "latent",
        lambda task: Constrained(task, Constraints(new_multiplier(0.3), new_multiplier(0.1))),
    ),
    "reinforce": Case("reinforce", "rl", lambda task: Reinforce(task, 0.2, 0.3)),
    "at_a_share": Case("reinforce", "rl", lambda task: Reinforce(task, constraints=Constraints(new_multiplier(0.3)))),
}


@pytest.fixture(scope="session")
def multiplier() -> Callable[..., LagrangeMultiplier]:
    """From a target, and perhaps an initial value, to a multiplier that moves quickly."""
    return new_multiplier


@pytest.fixture(scope="session")
def cases() -> dict[str, Case]:
    return CASES


@pytest.fixture(params=CASES)
def case(request) -> Case:
    """Every entry of the table."""
    return CASES[request.param]


@pytest.fixture(params=[name for name, case in CASES.items() if case.variant in ("latent", "rl")])
def selecting(request) -> Case:
    """Every entry for a model with a selector."""
    return CASES[request.param]
