"""What an explainer says of a sentence, apart from tensors."""

from dataclasses import dataclass
from typing import Any

from latent_rationale.common.prediction import Prediction
from latent_rationale.explain.spans import Span, SpanTree


@dataclass(frozen=True)
class Explanation:
    """Phrases of a sentence with their scores.

    Attributes:
        tokens: the words.
        spans: the phrases, the shorter first.
        scores: of each phrase; positive ones speak for the explained class.
        tree: how they lie inside one another; None where they are no tree.
        explained: the name of the explained class.
        said: what the classifier says, in a few words.
        label: the class that it predicts; None where scores are all there is to say.
        probabilities: one number per class, or the scores themselves.
    """

    tokens: tuple[str, ...]
    spans: tuple[Span, ...]
    scores: tuple[float, ...]
    tree: SpanTree | None
    explained: str
    said: str
    label: int | None
    probabilities: tuple[float, ...]

    @classmethod
    def of(
        cls,
        tokens: tuple[str, ...],
        scores: dict[Span, float],
        tree: SpanTree | None,
        explained: str,
        prediction: Prediction,
    ) -> "Explanation":
        """From scores by phrase, in any order, and what the classifier says."""
        spans = tuple(sorted(scores, key=lambda span: (span[1] - span[0], span)))
        values = tuple(scores[span] for span in spans)
        return cls(tokens, spans, values, tree, explained, prediction.said, prediction.label, prediction.scores)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Explanation":
        """What ``to_json`` gave.

        Raises:
            KeyError, TypeError, ValueError: for anything else.
        """
        tree = None if row["tree"] is None else _unnested(row["tree"])
        return cls(
            tuple(map(str, row["tokens"])),
            tuple((int(start), int(end)) for start, end in row["spans"]),
            tuple(map(float, row["scores"])),
            tree,
            str(row["explained"]),
            str(row["said"]),
            row["label"],
            tuple(map(float, row["probabilities"])),
        )

    @property
    def by_span(self) -> dict[Span, float]:
        """Scores by phrase."""
        return dict(zip(self.spans, self.scores, strict=True))

    def phrase(self, span: Span) -> str:
        """The words of a phrase."""
        return " ".join(self.tokens[slice(*span)])

    def line(self) -> str:
        """Phrases and scores on one line, apart by tabs, as the original writes them."""
        return "\t".join(f"{self.phrase(span)} {score:.6f}" for span, score in self.by_span.items())

    def strongest(self, count: int) -> str:
        """The phrases with the largest scores, of either sign."""
        ranked = sorted(self.by_span.items(), key=lambda pair: -abs(pair[1]))
        return ", ".join(f"{self.phrase(span)} {score:+.2f}" for span, score in ranked[:count])

    def to_json(self) -> dict[str, Any]:
        """What JSON can hold; a tree as ``[start, end, [children]]``."""
        return {
            "tokens": self.tokens,
            "spans": self.spans,
            "scores": [round(score, 6) for score in self.scores],
            "tree": None if self.tree is None else _nested(self.tree),
            "explained": self.explained,
            "said": self.said,
            "label": self.label,
            "probabilities": self.probabilities,
        }


def _nested(tree: SpanTree) -> list[Any]:
    return [*tree.span, [_nested(child) for child in tree.children]]


def _unnested(row: Any) -> SpanTree:
    start, end, children = row
    return SpanTree((int(start), int(end)), tuple(map(_unnested, children)))
