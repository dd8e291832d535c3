"""Where phrases stand in a picture: words at the bottom, the sentence on top."""

from dataclasses import dataclass

from latent_rationale.explain.explanation import Explanation
from latent_rationale.explain.spans import Span, SpanTree


@dataclass(frozen=True)
class Cell:
    """A phrase in its place.

    Attributes:
        span: its words, which are the columns that it fills.
        row: from the bottom, 0 for words.
        score: of the phrase.
    """

    span: Span
    row: int
    score: float


def cells(explanation: Explanation) -> list[Cell]:
    """The phrases of a tree, each above all that it holds. Without a tree, the words alone."""
    scores = explanation.by_span
    tree = explanation.tree
    if tree is None:
        return [Cell(span, 0, score) for span, score in scores.items() if span[1] - span[0] == 1]
    rows = {node.span: _height(node) for node in tree}
    return [Cell(span, row, scores[span]) for span, row in rows.items()]


def strength(explanation: Explanation) -> float:
    """The largest score in a picture, of either sign: what the colours go up to."""
    return max((abs(cell.score) for cell in cells(explanation)), default=0.0) or 1.0


def _height(node: SpanTree) -> int:
    return 0 if node.span[1] - node.span[0] == 1 else 1 + max((_height(child) for child in node.children), default=0)
