"""What an explainer says of a sentence, apart from tensors."""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from latent_rationale.common.errors import InputError
from latent_rationale.common.prediction import Prediction
from latent_rationale.explain.spans import Span, SpanTree, check_spans


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How scores came about.

    Attributes:
        method: what explained.
        model: the folder of what was explained.
        lm: the folder of the language model that contexts were drawn from; None where none were, as for the others.
        nb_range: N, how many words on either side were drawn anew.
        sample_n: K, how often.
        share_samples: whether phrases with the same edge shared them.
        seed: where randomness started.
    """

    method: str
    model: str
    lm: str | None = None
    nb_range: int | None = None
    sample_n: int | None = None
    share_samples: bool | None = None
    seed: int | None = None

    def __str__(self) -> str:
        if self.lm is None:
            return self.method
        shared = ", shared" if self.share_samples else ""
        return f"{self.method} (N = {self.nb_range}, K = {self.sample_n}{shared}, seed {self.seed})"


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
        provenance: how the scores came about.
    """

    tokens: tuple[str, ...]
    spans: tuple[Span, ...]
    scores: tuple[float, ...]
    tree: SpanTree | None
    explained: str
    said: str
    label: int | None
    probabilities: tuple[float, ...]
    provenance: Provenance

    def __post_init__(self) -> None:
        """See that the parts fit together.

        Raises:
            ValueError: if they do not.
        """
        if not self.spans:
            raise ValueError("there are no spans")
        if len(self.scores) != len(self.spans):
            raise ValueError(f"{len(self.spans)} spans have {len(self.scores)} scores")
        if not all(map(math.isfinite, self.scores)):
            raise ValueError("a score is not finite")
        try:
            check_spans(self.spans, len(self.tokens))
        except InputError as error:
            raise ValueError(str(error)) from error
        if self.tree is not None and not set(self.spans).issuperset(self.tree.spans):
            raise ValueError("a phrase of the tree is not among the spans")

    @classmethod
    def of(
        cls,
        tokens: tuple[str, ...],
        scores: dict[Span, float],
        tree: SpanTree | None,
        explained: str,
        prediction: Prediction,
        provenance: Provenance,
    ) -> "Explanation":
        """From scores by phrase, in any order, and what the classifier says."""
        spans = tuple(sorted(scores, key=lambda span: (span[1] - span[0], span)))
        values = tuple(scores[span] for span in spans)
        said, label, probabilities = prediction.said, prediction.label, prediction.scores
        return cls(tokens, spans, values, tree, explained, said, label, probabilities, provenance)

    @classmethod
    def from_json(cls, row: Any) -> "Explanation":
        """What ``to_json`` gave.

        Raises:
            ValueError: for anything else, with what is wrong.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in _is(row, dict)]:
            raise ValueError(f"it has no {missing[0]}")
        try:
            provenance = Provenance(**_is(row["provenance"], dict))
        except TypeError as error:
            raise ValueError(f"provenance: {error}") from error
        return cls(
            tuple(_is(token, str) for token in _is(row["tokens"], list)),
            tuple(_span(span) for span in _is(row["spans"], list)),
            tuple(float(_is(score, int, float)) for score in _is(row["scores"], list)),
            None if row["tree"] is None else _unnested(row["tree"]),
            _is(row["explained"], str),
            _is(row["said"], str),
            None if row["label"] is None else _is(row["label"], int),
            tuple(float(_is(number, int, float)) for number in _is(row["probabilities"], list)),
            provenance,
        )

    @property
    def by_span(self) -> dict[Span, float]:
        """Scores by phrase."""
        return dict(zip(self.spans, self.scores, strict=True))

    @property
    def headline(self) -> str:
        """What is predicted, and what the scores are about."""
        return f"{self.said}; scores for {self.explained} by {self.provenance}"

    def phrase(self, span: Span) -> str:
        """The words of a phrase."""
        return " ".join(self.tokens[slice(*span)])

    def line(self) -> str:
        """Phrases and scores on one line, apart by tabs, as the original writes them: with a blank behind each."""
        return "\t ".join(f"{self.phrase(span)} {score:.6f}" for span, score in self.by_span.items())

    def strongest(self, count: int) -> str:
        """The phrases with the largest scores, of either sign."""
        ranked = sorted(self.by_span.items(), key=lambda pair: -abs(pair[1]))
        return ", ".join(f"{self.phrase(span)} {score:+.3g}" for span, score in ranked[:count])

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
            "provenance": asdict(self.provenance),
        }


def _nested(tree: SpanTree) -> list[Any]:
    return [*tree.span, [_nested(child) for child in tree.children]]


def _unnested(row: Any) -> SpanTree:
    if len(_is(row, list)) != 3:
        raise ValueError(f"{row}: expected [start, end, [children]]")
    return SpanTree(_span(row[:2]), tuple(map(_unnested, _is(row[2], list))))


def _span(row: Any) -> Span:
    if len(_is(row, list)) != 2:
        raise ValueError(f"{row}: expected [start, end]")
    start, end = row
    return _is(start, int), _is(end, int)


def _is(value: Any, *kinds: type) -> Any:
    """The value, seen to be of one of these kinds."""
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise ValueError(f"{json.dumps(value)[:40]}: expected {' or '.join(_NAMES[kind] for kind in kinds)}")
    return value


_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}
