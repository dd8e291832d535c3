"""Explanations of sentences, independent of tensors: JSON, text, pictures and HTML."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import parse_json, read_filled_lines
from latent_rationale.common.utils.values import is_unicode
from latent_rationale.explain.hierarchy.spans import Span, SpanTree, check_spans

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Method, models and options that scores come from.

    Attributes:
        method: name of the explainer.
        model: folder of the explained model.
        model_digest: digest of its weights.
        lm: folder of the language model that contexts were sampled from; this and the next five are None without one.
        lm_digest: digest of its weights.
        nb_range: N, the number of words on either side that were sampled.
        sample_n: K, the number of samples.
        share_samples: phrases with the same edge shared their samples.
        seed: seed of the samples.
        percentile: percentile of the gains that were taken, where the tree grew from scores.
        longest: length of the longest phrases, where the user named one.
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
        """Read the result of ``asdict``.

        Raises:
            ValueError: for anything else, with the reason.
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
    """Phrases of a sentence with their scores. In a notebook it shows itself as ``to_html`` does.

    Attributes:
        source: name of the data set that the sentence is from, or ``text`` for a text of the user.
        number: index of the sentence there, from 0.
        tokens: words of the sentence.
        spans: the phrases, shorter ones first.
        scores: score of each phrase, positive if it speaks for the explained class.
        tree: tree of the phrases; None where they do not form one.
        explained: name of the explained class.
        said: prediction of the classifier in a few words.
        label: predicted class; None for a classifier that predicts scores only.
        probabilities: one number per class, or the scores themselves.
        provenance: method, models and options that the scores come from.
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
        """Check that the parts fit together.

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
        """Read the result of ``to_json``.

        Raises:
            ValueError: for anything else, with the reason.
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
        """Dictionary from phrases to scores."""
        return dict(zip(self.spans, self.scores, strict=True))

    @property
    def headline(self) -> str:
        """Prediction, explained class and method in one line."""
        return f"{self.said}; scores for {self.explained} by {self.provenance}"

    def phrase(self, span: Span) -> str:
        """Return the words of a phrase."""
        return " ".join(self.tokens[slice(*span)])

    def line(self) -> str:
        """Return phrases and scores on one line, in the format of the original code: separated by a tab and a blank."""
        return "\t ".join(f"{self.phrase(span)} {score:.6f}" for span, score in self.by_span.items())

    def strongest(self, count: int) -> str:
        """Return the phrases with the largest absolute scores, in one line."""
        ranked = sorted(self.by_span.items(), key=lambda pair: -abs(pair[1]))
        return ", ".join(f"{self.phrase(span)} {score:+.3g}" for span, score in ranked[:count])

    def to_json(self) -> dict[str, Any]:
        """Return values that JSON can hold; a tree as ``[start, end, [children]]``."""
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

    def plot(self, path: Path | str | None = None) -> "Figure":
        """Plot the phrases as a heat map above the words.

        Args:
            path: file to save the figure to (png, pdf, svg); it is not saved, unless given.

        Returns:
            The figure.
        """
        # Imported here, because matplotlib takes a second to import; and visualization imports this module.
        from latent_rationale.explain.visualization.figures import plot_hierarchy

        figure = plot_hierarchy(self)
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure

    def to_html(self) -> str:
        """Return a piece of HTML with its own style: each phrase is a box above its words."""
        from latent_rationale.explain.visualization.html import fragment

        return fragment(self)

    def _repr_html_(self) -> str:
        return self.to_html()


def read_explanations(path: Path) -> Iterator[Explanation]:
    """Read a file that ``python -m latent_rationale.explain`` wrote.

    Raises:
        InputError: for anything else, with the line.
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
    """Check that a value is of a type, or one of several, and return it.

    A whole number passes for a number; a text has to be one that can be written.
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
