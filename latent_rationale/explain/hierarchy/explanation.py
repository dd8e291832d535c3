"""Explanations of a sentence: scored phrases with their provenance, and their JSON format."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import parse_json, read_filled_lines
from latent_rationale.explain.hierarchy.json_values import as_float, expect, shown, span_of
from latent_rationale.explain.hierarchy.spans import Span, SpanTree, check_spans

MOST_LEVELS = 400
"""Maximum height of a tree of phrases. Python cannot write or read JSON with more than about 1,000 nested lists."""

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
        if expect(row, dict).keys() != hints.keys():
            raise ValueError(f"provenance: expected the keys {', '.join(hints)}")
        return cls(**{name: expect(row[name], hint) for name, hint in hints.items()})

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
        for name in ("scores", "probabilities"):
            if not all(map(math.isfinite, getattr(self, name))):
                raise ValueError(f"{name}: expected finite numbers")
        if self.number < 0:
            raise ValueError(f"number: expected 0 or more, got {self.number}")
        if self.label is not None and not 0 <= self.label < len(self.probabilities):
            raise ValueError(
                f"label: expected an index of the {len(self.probabilities)} probabilities, got {self.label}"
            )
        try:
            check_spans(self.spans, len(self.tokens))
        except InputError as error:
            raise ValueError(str(error)) from error  # a reader adds the file and the line
        if self.tree is not None and self.tree.span != (0, len(self.tokens)):
            raise ValueError(f"tree: expected the root (0, {len(self.tokens)}), the sentence, got {self.tree.span}")
        if self.tree is not None and not set(self.spans).issuperset(self.tree.spans):
            raise ValueError("tree: expected only phrases that are among the spans")
        if self.tree is not None and max(self.tree.heights.values()) > MOST_LEVELS:
            raise ValueError(f"tree: expected at most {MOST_LEVELS} levels of phrases")

    @classmethod
    def from_json(cls, row: Any) -> "Explanation":
        """Parse the dictionary that ``to_json`` returns.

        Raises:
            ValueError: if a key is missing, a value has another type, or the parts do not agree.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in expect(row, dict)]:
            raise ValueError(f"missing key: {missing[0]}")
        return cls(
            source=expect(row["source"], str),
            number=expect(row["number"], int),
            tokens=tuple(expect(token, str) for token in expect(row["tokens"], list)),
            spans=tuple(span_of(span) for span in expect(row["spans"], list)),
            scores=tuple(map(as_float, expect(row["scores"], list))),
            tree=None if row["tree"] is None else _unnested(row["tree"]),
            explained=expect(row["explained"], str),
            said=expect(row["said"], str),
            label=expect(row["label"], int | None),
            probabilities=tuple(map(as_float, expect(row["probabilities"], list))),
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

        Raises:
            InputError: if it would be too large.
        """
        # Imported here, because matplotlib takes a second to import; and visualization imports this module.
        from latent_rationale.explain.visualization.figures import plot_hierarchy

        figure = plot_hierarchy(self)
        if path is not None:
            figure.savefig(path)
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
    rows: dict[Span, list[Any]] = {}
    for node in reversed(list(tree)):  # children first
        rows[node.span] = [*node.span, [rows[child.span] for child in node.children]]
    return rows[tree.span]


def _unnested(row: Any) -> SpanTree:
    """Parse a tree given as nested lists, the inverse of ``_nested``; raise ``ValueError`` for anything else."""
    rows, parents = [row], [0]
    for index, each in enumerate(rows):  # parents first; the list grows while it is read
        if len(expect(each, list)) != 3:
            raise ValueError(f"{shown(each)}: expected [start, end, [children]]")
        rows += expect(each[2], list)
        parents += [index] * len(each[2])
    children: list[list[SpanTree]] = [[] for _ in rows]
    for index in reversed(range(len(rows))):  # children first, from right to left
        node = SpanTree(span_of(rows[index][:2]), tuple(reversed(children[index])))
        children[parents[index]].append(node)
    return node
