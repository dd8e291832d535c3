"""Explanations of a sentence: scored phrases with their provenance, and their JSON format."""

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
    """Origin of scores: the method, the models and the settings that they were computed with.

    The settings of sampling are None for methods that sample no contexts.

    Attributes:
        method: the name of the explainer.
        model: the folder of the explained classifier.
        model_digest: the digest of its weights.
        lm: the folder of the language model that contexts were sampled from.
        lm_digest: the digest of its weights.
        nb_range: N, the number of words on either side of a phrase that were resampled.
        sample_n: K, the number of samples per phrase.
        share_samples: whether phrases with the same boundary shared their samples.
        seed: the seed of the samples.
        percentile: the percentile of agglomeration; None unless the tree was built from scores.
        longest: the maximum length of phrases in words; None unless the user set one.
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
        """Parse the dictionary that ``dataclasses.asdict`` returns.

        Raises:
            ValueError: if a key is missing or unknown, or a value has another type.
        """
        hints = get_type_hints(cls)
        if _is(row, dict).keys() != hints.keys():
            raise ValueError(f"provenance: expected the keys {', '.join(hints)}")
        return cls(**{name: _is(row[name], hint) for name, hint in hints.items()})

    def __str__(self) -> str:
        if self.lm is None:
            return self.method
        shared = ", shared" if self.share_samples else ""
        return f"{self.method} (N = {self.nb_range}, K = {self.sample_n}{shared}, seed {self.seed})"


@dataclass(frozen=True)
class Explanation:
    """Scored phrases of one sentence; a notebook displays it by ``to_html``.

    Attributes:
        source: the split that the sentence is from, or ``text`` for a text given by the user.
        number: the index of the sentence in its source, counted from 0.
        tokens: the words of the sentence.
        spans: the scored phrases, the shorter ones first.
        scores: one score per phrase; a positive score is evidence for the explained class.
        tree: the hierarchy of the phrases; None if they do not form a tree.
        explained: the name of the explained class.
        said: the prediction as text.
        label: the predicted class; None for a model without classes.
        probabilities: one probability per class, or the scores of a model without classes.
        provenance: the method, models and settings that the scores were computed with.
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
        """Check that spans, scores and tree agree with one another and with the sentence.

        Raises:
            ValueError: if they do not; the message names the field.
        """
        if not self.spans or len(set(self.spans)) < len(self.spans):
            raise ValueError("spans: expected at least one" if not self.spans else "spans: expected each span once")
        if len(self.scores) != len(self.spans):
            raise ValueError(f"scores: expected {len(self.spans)}, one per span, got {len(self.scores)}")
        if not all(map(math.isfinite, self.scores)):
            raise ValueError("scores: expected finite numbers")
        try:
            check_spans(self.spans, len(self.tokens))
        except InputError as error:
            raise ValueError(str(error)) from error  # a reader adds the file and the line
        if self.tree is not None and self.tree.span != (0, len(self.tokens)):
            raise ValueError(f"tree: expected the root (0, {len(self.tokens)}), the sentence, got {self.tree.span}")
        if self.tree is not None and not set(self.spans).issuperset(self.tree.spans):
            raise ValueError("tree: expected only phrases that are among the spans")

    @classmethod
    def from_json(cls, row: Any) -> "Explanation":
        """Parse the dictionary that ``to_json`` returns.

        Raises:
            ValueError: if a key is missing, a value has another type, or the parts do not agree.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in _is(row, dict)]:
            raise ValueError(f"missing key: {missing[0]}")
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
        """Score of each phrase, by span."""
        return dict(zip(self.spans, self.scores, strict=True))

    @property
    def headline(self) -> str:
        """Title of the explanation: the prediction, the explained class and the provenance of the scores."""
        return f"{self.said}; scores for {self.explained} by {self.provenance}"

    def phrase(self, span: Span) -> str:
        """Return the words of a phrase, separated by blanks."""
        return " ".join(self.tokens[slice(*span)])

    def line(self) -> str:
        """Return phrases and scores on one line, separated by a tab and a blank, in the format of the original code."""
        return "\t ".join(f"{self.phrase(span)} {score:.6f}" for span, score in self.by_span.items())

    def strongest(self, count: int) -> str:
        """Return the ``count`` phrases with the largest absolute scores as text."""
        ranked = sorted(self.by_span.items(), key=lambda pair: -abs(pair[1]))
        return ", ".join(f"{self.phrase(span)} {score:+.3g}" for span, score in ranked[:count])

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary that JSON can represent; a tree becomes ``[start, end, [children]]``."""
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
    """Read the explanations that ``python -m latent_rationale.explain`` writes, one per line.

    Raises:
        InputError: if the file cannot be read or holds no explanations, or for a line that is not an explanation.
    """
    for number, line in read_filled_lines(path, "explanations"):
        try:
            yield Explanation.from_json(parse_json(line, path, number))
        except ValueError as error:
            raise InputError(f"not an explanation ({error})", path, number) from error


def _nested(tree: SpanTree) -> list[Any]:
    """Return a tree as nested lists, ``[start, end, [children]]``."""
    return [*tree.span, [_nested(child) for child in tree.children]]


def _unnested(row: Any) -> SpanTree:
    """Parse a tree given as nested lists, the inverse of ``_nested``; raise ``ValueError`` for anything else."""
    if len(_is(row, list)) != 3:
        raise ValueError(f"{row}: expected [start, end, [children]]")
    return SpanTree(_span(row[:2]), tuple(map(_unnested, _is(row[2], list))))


def _span(row: Any) -> Span:
    """Parse a span given as ``[start, end]``; raise ``ValueError`` for anything else."""
    if len(_is(row, list)) != 2:
        raise ValueError(f"{row}: expected [start, end]")
    start, end = row
    return _is(start, int), _is(end, int)


def _number(value: Any) -> float:
    """Parse a number; raise ``ValueError`` for anything else, and for integers that are too large for a float."""
    try:
        return float(_is(value, float))
    except OverflowError as error:
        raise ValueError("expected a number within the range of a float") from error


def _is(value: Any, kind: Any) -> Any:
    """Check the type of a JSON value and return it.

    An integer also passes as a float, but a boolean, which is an ``int`` in Python, passes as neither.

    Args:
        value: the value.
        kind: the expected type, or a union of types.

    Raises:
        ValueError: if the value has another type, or is a string with lone surrogates, which UTF-8 cannot represent.
    """
    kinds = get_args(kind) or (kind,)  # get_args of a plain type is empty, of a union its members
    fits = isinstance(value, kinds + (int,) * (float in kinds)) and (bool in kinds or not isinstance(value, bool))
    if not fits or (isinstance(value, str) and not is_unicode(value)):
        raise ValueError(f"{json.dumps(value)[:40]}: expected {' or '.join(_NAMES[kind] for kind in kinds)}")
    return value


_NAMES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    NoneType: "null",
}
