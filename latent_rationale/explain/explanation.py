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
        prediction: what the classifier says.
    """

    tokens: tuple[str, ...]
    spans: tuple[Span, ...]
    scores: tuple[float, ...]
    tree: SpanTree | None
    explained: str
    prediction: Prediction

    def phrase(self, span: Span) -> str:
        """The words of a phrase."""
        return " ".join(self.tokens[slice(*span)])

    def line(self) -> str:
        """Phrases and scores on one line, apart by tabs, as the original writes them."""
        scored = zip(self.spans, self.scores, strict=True)
        return "\t".join(f"{self.phrase(span)} {score:.6f}" for span, score in scored)

    def strongest(self, count: int) -> str:
        """The phrases with the largest scores, of either sign."""
        scored = sorted(zip(self.spans, self.scores, strict=True), key=lambda pair: -abs(pair[1]))
        return ", ".join(f"{self.phrase(span)} {score:+.2f}" for span, score in scored[:count])

    def to_json(self) -> dict[str, Any]:
        """What JSON can hold; a tree as ``[start, end, [children]]``."""
        return {
            "tokens": self.tokens,
            "spans": self.spans,
            "scores": [round(score, 6) for score in self.scores],
            "tree": None if self.tree is None else nested(self.tree),
            "explained": self.explained,
            "prediction": {
                "label": self.prediction.label,
                "label_name": self.prediction.label_name,
                "scores": self.prediction.scores,
            },
        }


def nested(tree: SpanTree) -> list[Any]:
    """``[start, end, [children]]``."""
    return [*tree.span, [nested(child) for child in tree.children]]
