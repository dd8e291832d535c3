"""Layout of phrases in a figure: columns are words, and larger phrases stand above the phrases within them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.hierarchy.spans import Span, shorter_first, size


@dataclass(frozen=True)
class Box:
    """A phrase with its position in a figure.

    Attributes:
        span: the positions of its words, which are the columns of the box.
        row: the row, counted from the bottom; 0 for words.
        score: the score of the phrase.
    """

    span: Span
    row: int
    score: float


def boxes(explanation: Explanation) -> list[Box]:
    """Return a box for each phrase: above all phrases within it in a tree, or else above all shorter phrases."""
    scores, tree = explanation.by_span, explanation.tree
    rows = _side_by_side(scores) if tree is None else tree.heights
    return [Box(span, row, scores[span]) for span, row in rows.items()]


def largest_score(explanation: Explanation) -> float:
    """Return the largest absolute score of the drawn phrases, the limit of the colour scale; 1 if all are zero."""
    return max(abs(box.score) for box in boxes(explanation)) or 1.0


def _side_by_side(spans: Iterable[Span]) -> dict[Span, int]:
    """Return the row of each phrase such that no two overlap, with separate rows for each length.

    Taking phrases from left to right and the lowest free row for each is greedy interval colouring, which needs the
    smallest possible number of rows.
    """
    rows: dict[Span, int] = {}
    first_row = 0  # of the current length
    for _, same_length in groupby(shorter_first(spans), size):
        ends: list[int] = []  # for each row of this length, the end of its last phrase
        for span in same_length:
            row = next((row for row, end in enumerate(ends) if end <= span[0]), len(ends))
            ends[row : row + 1] = [span[1]]  # replaces the end of the row, or appends a new row
            rows[span] = first_row + row
        first_row += len(ends)
    return rows
