"""What an explainer says of a sentence, apart from tensors."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import parse_json, read_filled_lines
from latent_rationale.common.utils.values import is_unicode
from latent_rationale.explain.hierarchy.spans import Span, SpanTree, check_spans


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How scores came about.

    Attributes:
        method: what explained.
        model: the folder of what was explained.
        model_digest: of its weights.
        lm: the folder of the language model that contexts were drawn from; None where none were, as for the others.
        lm_digest: of its weights.
        nb_range: N, how many words on either side were drawn anew.
        sample_n: K, how often.
        share_samples: whether phrases with the same edge shared them.
        seed: where randomness started.
        percentile: of the gains that were taken, where the tree grew from scores.
        longest: the length of the longest phrases, where the user named one.
    """

    method: str
    model: str
    model_digest: str
    lm: str | None = None
    lm_digest: str | None = None
    nb_range: int | None = None
    sample_n: int | None = None
    share_samples: bool | None = None
    seed: int | None = None
    percentile: float | None = None
    longest: int | None = None

    @classmethod
    def from_json(cls, row: Any) -> "Provenance":
        """What ``asdict`` gives.

        Raises:
            ValueError: for anything else, with what is wrong.
        """
        hints = get_type_hints(cls)
        if _is(row, dict).keys() != hints.keys():
            raise ValueError(f"provenance: expected {', '.join(hints)}")
        return cls(**{name: _is(row[name], hint) for name, hint in hints.items()})

    def __str__(self) -> str:
        if self.lm is None:
            return self.method
        shared = ", shared" if self.share_samples else ""
        return f"{self.method} (N = {self.nb_range}, K = {self.sample_n}{shared}, seed {self.seed})"


@dataclass(frozen=True)
class Explanation:
    """Phrases of a sentence with their scores.

    Attributes:
        source: the data set that the sentence is from, or ``text`` for the user's own.
        number: which one it is there, counted from 0.
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

    source: str
    number: int
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
        if not self.spans or len(set(self.spans)) < len(self.spans):
            raise ValueError("there are no spans" if not self.spans else "a span comes twice")
        if len(self.scores) != len(self.spans):
            raise ValueError(f"{len(self.spans)} spans have {len(self.scores)} scores")
        if not all(map(math.isfinite, self.scores)):
            raise ValueError("a score is not finite")
        try:
            check_spans(self.spans, len(self.tokens))
        except InputError as error:
            raise ValueError(str(error)) from error
        if self.tree is not None and self.tree.span != (0, len(self.tokens)):
            raise ValueError("the tree does not hold the whole sentence")
        if self.tree is not None and not set(self.spans).issuperset(self.tree.spans):
            raise ValueError("a phrase of the tree is not among the spans")

    @classmethod
    def from_json(cls, row: Any) -> "Explanation":
        """What ``to_json`` gave.

        Raises:
            ValueError: for anything else, with what is wrong.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in _is(row, dict)]:
            raise ValueError(f"it has no {missing[0]}")
        return cls(
            source=_is(row["source"], str),
            number=_is(row["number"], int),
            tokens=tuple(_is(token, str) for token in _is(row["tokens"], list)),
            spans=tuple(_span(span) for span in _is(row["spans"], list)),
            scores=tuple(map(_number, _is(row["scores"], list))),
            tree=None if row["tree"] is None else _unnested(row["tree"]),
            explained=_is(row["explained"], str),
            said=_is(row["said"], str),
            label=_is(row["label"], int | None),
            probabilities=tuple(map(_number, _is(row["probabilities"], list))),
            provenance=Provenance.from_json(row["provenance"]),
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
            "source": self.source,
            "number": self.number,
            "tokens": self.tokens,
            "spans": self.spans,
            "scores": [round(score, 6) for score in self.scores],
            "tree": None if self.tree is None else _nested(self.tree),
            "explained": self.explained,
            "said": self.said,
            "label": self.label,
            "probabilities": [round(number, 6) for number in self.probabilities],
            "provenance": asdict(self.provenance),
        }


def read_explanations(path: Path) -> Iterator[Explanation]:
    """What ``python -m latent_rationale.explain`` wrote.

    Raises:
        InputError: for anything else, with its line.
    """
    for number, line in read_filled_lines(path, "explanations"):
        try:
            yield Explanation.from_json(parse_json(line, path, number))
        except ValueError as error:
            raise InputError(f"not an explanation ({error})", path, number) from error


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


def _number(value: Any) -> float:
    try:
        return float(_is(value, float))
    except OverflowError as error:
        raise ValueError("a number is too large") from error


def _is(value: Any, kind: Any) -> Any:
    """The value, seen to be of a kind, or one of several; a text, to be one that can be written.

    A whole number is a number.
    """
    kinds = get_args(kind) or (kind,)
    fits = isinstance(value, kinds + (int,) * (float in kinds)) and (bool in kinds or not isinstance(value, bool))
    if not fits or (isinstance(value, str) and not is_unicode(value)):
        raise ValueError(f"{json.dumps(value)[:40]}: expected {' or '.join(_NAMES[kind] for kind in kinds)}")
    return value


_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
}
