"""Where phrases stand in a picture: words at the bottom, the sentence on top."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.hierarchy.spans import Span, SpanTree, shorter_first, size


@dataclass(frozen=True)
class Box:
    """A phrase in its place.

    Attributes:
        span: its words, which are the columns that it fills.
        row: from the bottom, 0 for words.
        score: of the phrase.
    """

    span: Span
    row: int
    score: float


def boxes(explanation: Explanation) -> list[Box]:
    """The phrases of a tree, each above all that it holds. Without a tree, the longer above the shorter."""
    scores, tree = explanation.by_span, explanation.tree
    rows = _side_by_side(scores) if tree is None else {node.span: _height(node) for node in tree}
    return [Box(span, row, scores[span]) for span, row in rows.items()]


def largest_score(explanation: Explanation) -> float:
    """The largest score in a picture, of either sign: what the colours go up to."""
    return max(abs(box.score) for box in boxes(explanation)) or 1.0


def _height(node: SpanTree) -> int:
    return 0 if size(node.span) == 1 else 1 + max((_height(child) for child in node.children), default=0)


def _side_by_side(spans: Iterable[Span]) -> dict[Span, int]:
    """Rows in which phrases of the same length stand side by side, as few as will do for each length."""
    rows: dict[Span, int] = {}
    top = 0
    for _, alike in groupby(shorter_first(spans), size):
        ends: list[int] = []  # of what stands in each row
        for span in alike:
            row = next((row for row, end in enumerate(ends) if end <= span[0]), len(ends))
            ends[row : row + 1] = [span[1]]
            rows[span] = top + row
        top += len(ends)
    return rows
