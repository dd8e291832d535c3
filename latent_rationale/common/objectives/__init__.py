"""Objectives: from the output of a model and a batch to a loss.

A new objective is one file here, one line in ``OBJECTIVES`` and one entry in the table of its tests.
"""

from latent_rationale.common.objectives.constrained import Constrained, Constraints
from latent_rationale.common.objectives.lagrange import LagrangeMultiplier
from latent_rationale.common.objectives.objective import Criterion, Objective
from latent_rationale.common.objectives.reinforce import CONTROL_VARIATES, Reinforce
from latent_rationale.common.objectives.supervised import Supervised

OBJECTIVES: dict[str, type[Objective]] = {
    "supervised": Supervised,
    "constrained": Constrained,
    "reinforce": Reinforce,
}

__all__ = [
    "CONTROL_VARIATES",
    "OBJECTIVES",
    "Constrained",
    "Constraints",
    "Criterion",
    "LagrangeMultiplier",
    "Objective",
    "Reinforce",
    "Supervised",
]
