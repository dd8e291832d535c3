"""Targets that options set for the rationales of a model, and whether an evaluation reaches them."""

from collections.abc import Mapping
from dataclasses import dataclass

TOLERANCE = 0.02
"""Excess over a target up to which an evaluation counts as on target."""


@dataclass(frozen=True)
class Target:
    """Value of a measure that an option asks for: an upper limit, with a tolerance.

    Attributes:
        measure: name of the measure in evaluations.
        value: the value that the option asks for.
        multiplier: name in evaluations of the Lagrange multiplier, for models that have one.
        reached: sentence about a value of the measure, with ``{:.3f}`` in its place.
        least: value below which the model is far below the target.
    """

    measure: str
    value: float
    multiplier: str
    reached: str
    least: float = 0.0

    def excess(self, values: Mapping[str, float]) -> float:
        """Return the excess of an evaluation over the target beyond the tolerance; 0 if it is on target."""
        # Rounded, because shares are float32: a share on the limit must not exceed it by its rounding error.
        return max(round(values[self.measure] - self.value - TOLERANCE, 6), 0.0)

    def is_missed(self, values: Mapping[str, float]) -> bool:
        """Return whether an evaluation is above the target, or far below it."""
        return self.excess(values) > 0 or values[self.measure] < self.least

    def describe(self, values: Mapping[str, float]) -> str:
        """Return what was reached and what was asked, as in ``selected 0.670 of the words, asked 0.300``."""
        return f"{self.reached.format(values[self.measure])}, asked {self.value:.3f}"


def share_target(measure: str, value: float, reached: str) -> Target:
    """Return the target of ``--selection``, which less than half of the share misses as well."""
    return Target(measure, value, "lambda_selection", reached, least=value / 2)


def transitions_target(value: float) -> Target:
    """Return the target of ``--lasso``; no number of transitions is too low."""
    return Target("transitions", value, "lambda_lasso", "{:.3f} transitions per word")
