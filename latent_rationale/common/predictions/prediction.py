"""Prediction for one text as plain Python values, independent of tensors and devices."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from latent_rationale.common.structures import Output
from latent_rationale.common.utils.console import escaped, on_one_line

MARK_STYLE = """
.rationale mark { background: color-mix(in srgb, #ffb31a calc(var(--z) * 100%), transparent); color: inherit;
  border-radius: .2em }
.rationale u { text-decoration: underline #1668b0 3px; text-underline-offset: .25em }
"""
"""Style of the HTML of predictions. Every rule names a class, so that none touches the rest of a page or notebook."""

Spans = Sequence[Sequence[int]]
"""Spans of words as pairs ``[start, end)``."""


@dataclass(frozen=True)
class Prediction(ABC):
    """Abstract prediction with its rationale, which each subclass renders for its kind of input.

    Attributes:
        scores: probability of each class, or score of each aspect.
        label: index of the predicted class; None in regression.
        label_name: name of the predicted class; in regression, the scores with the names of their aspects.
    """

    scores: tuple[float, ...]
    label: int | None
    label_name: str

    @property
    def summary(self) -> str:
        """Predicted class with its probability, or the predicted scores."""
        return self.label_name if self.label is None else f"{self.label_name} ({max(self.scores):.0%})"

    def to_json(self) -> dict[str, Any]:
        """Return the fields as values that can be written as JSON."""
        return asdict(self)

    @abstractmethod
    def marked(self, gold: Spans = ()) -> str:
        """Return plain text in which the rationale and the gold spans are marked."""

    @abstractmethod
    def highlighted(self, gold: Spans = ()) -> str:
        """Return text for a terminal, with the rationale and the gold spans in colour."""

    @abstractmethod
    def to_html(self, gold: Spans = ()) -> str:
        """Return HTML in which the rationale and the gold spans are highlighted."""

    def _repr_html_(self) -> str:
        """Return a piece of HTML for a notebook: what is predicted, and from which words."""
        return (
            f'<div class="rationale"><style>{MARK_STYLE}</style>'
            f"<strong>{escape(self.summary)}</strong><div>{self.to_html()}</div></div>"
        )

    @abstractmethod
    def plot(self, path: Path) -> None:
        """Plot the rationale and save it (png, pdf, svg)."""


@dataclass(frozen=True)
class TextPrediction(Prediction):
    """Prediction for a single text, with the selected words as rationale.

    Attributes:
        tokens: words of the text.
        z: selection of each word, in [0, 1]; None for a model without rationale.
    """

    tokens: tuple[str, ...]
    z: tuple[float, ...] | None

    def joined(self, words: Sequence[str], shown: Callable[[str], str]) -> str:
        """Join words, which may have marks, to a text; by default with blanks.

        Args:
            words: one string per word of the text.
            shown: function that prepares what stands between words for the medium, such as HTML.
        """
        return " ".join(words)

    def marked(self, gold: Spans = ()) -> str:
        """Return the text with the marks of :func:`mark`."""
        return self.joined(mark(self.tokens, self.z, gold), on_one_line)

    def highlighted(self, gold: Spans = ()) -> str:
        """Return the text with the colours of :func:`highlight`."""
        return self.joined(highlight(self.tokens, self.z, gold), lambda text: escaped(on_one_line(text)))

    def to_html(self, gold: Spans = ()) -> str:
        """Return HTML with selected words on yellow and gold spans underlined."""
        words = [
            f'<mark style="--z:{value:.2g}">{escape(token)}</mark>' if value > 0 else escape(token)
            for token, value in zip(self.tokens, self.z or (0.0,) * len(self.tokens), strict=True)
        ]
        for start, end in gold:
            words[start] = "<u>" + words[start]
            words[end - 1] += "</u>"
        return self.joined(words, escape)

    def plot(self, path: Path) -> None:
        """Plot the text with its selected words highlighted."""
        # Imported here, because matplotlib takes a second to import and few predictions are drawn.
        from latent_rationale.common.predictions.plots import plot_strip

        plot_strip(self.tokens, self.z, self.summary, path)


def mark(tokens: Sequence[str], z: Sequence[float] | None, gold: Spans = ()) -> list[str]:
    """Mark the words of a rationale in plain text: ``**word**`` if z = 1, ``__word__`` if 0 < z < 1, ``[gold span]``.

    Args:
        tokens: words of the text.
        z: selection of each word, in [0, 1]; None for no marks.
        gold: spans ``[start, end)`` that annotators marked.
    """
    # The original code's marks, so that its output can be compared with ours.
    marks = ("" if value == 0 else "**" if value == 1 else "__" for value in z or [0.0] * len(tokens))
    words = [f"{symbol}{word_of_line(token)}{symbol}" for token, symbol in zip(tokens, marks, strict=True)]
    for start, end in gold:
        words[start] = "[" + words[start]
        words[end - 1] += "]"
    return words


def highlight(tokens: Sequence[str], z: Sequence[float] | None, gold: Spans = ()) -> list[str]:
    """Highlight the words of a rationale with ANSI escape codes.

    Words with z = 1 have a yellow background, words with 0 < z < 1 are yellow, other words dim; gold spans are
    underlined.

    Args:
        tokens: words of the text.
        z: selection of each word, in [0, 1]; None for no colours.
        gold: spans ``[start, end)`` that annotators marked.
    """
    styles = [_style(value) for value in z] if z is not None else [[] for _ in tokens]
    for start, end in gold:
        for style in styles[start:end]:
            style.append("4")  # underlined
    styled = zip(tokens, styles, strict=True)
    return [in_style(token, style) for token, style in styled]


def in_style(token: str, style: Sequence[str]) -> str:
    """Return a word for a terminal.

    Args:
        token: the word; its control characters are escaped.
        style: parameters of the ANSI code for colours (SGR); empty for no code.
    """
    word = escaped(word_of_line(token))
    return f"\033[{';'.join(style)}m{word}\033[0m" if style else word


def word_of_line(token: str) -> str:
    """Return a word for a text of one line: line breaks are escaped, and an empty word is shown as two quotes."""
    return on_one_line(token) or '""'


def _style(z: float) -> list[str]:
    # SGR parameters: 2 dim, 30 black text, 33 yellow text, 43 yellow background.
    return ["2"] if z == 0 else ["30", "43"] if z == 1 else ["33"]


def rationales(output: Output) -> list[tuple[float, ...] | None]:
    """Return z of each sentence of a batch, without padding; None for a model without rationale."""
    if output.rationale is None:
        return [None] * len(output.scores)
    # Two transfers from the device per batch, not two per sentence.
    lengths = output.rationale.mask.sum(1).tolist()
    return [tuple(row[:length]) for row, length in zip(output.rationale.z.tolist(), lengths, strict=True)]
