"""What a model says of one text, apart from tensors."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from latent_rationale.common.structures import Output

MARK_STYLE = """
.rationale mark { background: color-mix(in srgb, #ffb31a calc(var(--z) * 100%), transparent); color: inherit;
  border-radius: .2em }
.rationale u { text-decoration: underline #1668b0 3px; text-underline-offset: .25em }
"""
"""Style of the HTML of predictions. Every rule names a class, so that none touches the rest of a page or notebook."""

Spans = Sequence[Sequence[int]]
"""Stretches of words: where each starts, and where it has ended."""


@dataclass(frozen=True)
class Prediction(ABC):
    """A prediction and what it rests on. How that is shown hangs on what was read.

    Attributes:
        scores: one number per class (probabilities) or aspect.
        label: the class, as the data writes it; None where scores are all there is to say.
        label_name: the class as people call it, or the scores with their names.
    """

    scores: tuple[float, ...]
    label: int | None
    label_name: str

    @property
    def said(self) -> str:
        """What is predicted, in a few words."""
        return self.label_name if self.label is None else f"{self.label_name} ({max(self.scores):.0%})"

    def to_json(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)

    @abstractmethod
    def marked(self, gold: Spans = ()) -> str:
        """Plain text that shows what it rests on, and what people marked."""

    @abstractmethod
    def highlighted(self, gold: Spans = ()) -> str:
        """The same for a terminal with colours."""

    @abstractmethod
    def to_html(self, gold: Spans = ()) -> str:
        """The same for a page."""

    def _repr_html_(self) -> str:
        """Return a piece of HTML for a notebook: what is predicted, and from which words."""
        return (
            f'<div class="rationale"><style>{MARK_STYLE}</style>'
            f"<strong>{escape(self.said)}</strong><div>{self.to_html()}</div></div>"
        )

    @abstractmethod
    def plot(self, path: Path) -> None:
        """Draw it and save it (png, pdf, svg)."""


@dataclass(frozen=True)
class TextPrediction(Prediction):
    """A prediction and the words it rests on.

    Attributes:
        tokens: the words.
        z: how far each was read, in [0, 1]; None for a model that reads everything.
    """

    tokens: tuple[str, ...]
    z: tuple[float, ...] | None

    def marked(self, gold: Spans = ()) -> str:
        """With the marks of ``mark``."""
        return mark(self.tokens, self.z, gold)

    def highlighted(self, gold: Spans = ()) -> str:
        """With the colours of ``highlight``."""
        return highlight(self.tokens, self.z, gold)

    def to_html(self, gold: Spans = ()) -> str:
        """Selected words on yellow, what people marked underlined."""
        words = [
            f'<mark style="--z:{value:.2g}">{escape(token)}</mark>' if value > 0 else escape(token)
            for token, value in zip(self.tokens, self.z or (0.0,) * len(self.tokens), strict=True)
        ]
        for start, end in gold:
            words[start] = "<u>" + words[start]
            words[end - 1] += "</u>"
        return " ".join(words)

    def plot(self, path: Path) -> None:
        """Draw a heat strip."""
        # Imported here, because matplotlib takes a second to import and few predictions are drawn.
        from latent_rationale.common.predictions.plots import plot_strip

        plot_strip(self.tokens, self.z, self.said, path)


def mark(tokens: Sequence[str], z: Sequence[float] | None, gold: Spans = ()) -> str:
    """Plain text with ``**word**`` where z = 1 and ``__word__`` where it is a fraction, and ``[gold stretches]``."""
    marks = ("" if value == 0 else "**" if value == 1 else "__" for value in z or [0.0] * len(tokens))
    words = [f"{around}{token}{around}" for token, around in zip(tokens, marks, strict=True)]
    for start, end in gold:
        words[start] = "[" + words[start]
        words[end - 1] += "]"
    return " ".join(words)


def highlight(tokens: Sequence[str], z: Sequence[float] | None, gold: Spans = ()) -> str:
    """The same with colours: selected words on yellow, partly selected ones in yellow, others dim; gold underlined."""
    styles = [_style(value) for value in z] if z is not None else [[] for _ in tokens]
    for start, end in gold:
        for style in styles[start:end]:
            style.append("4")
    styled = zip(tokens, styles, strict=True)
    return " ".join(f"\033[{';'.join(style)}m{token}\033[0m" if style else token for token, style in styled)


def _style(z: float) -> list[str]:
    return ["2"] if z == 0 else ["30", "43"] if z == 1 else ["33"]


def rationales(output: Output) -> list[tuple[float, ...] | None]:
    """The z of each sentence of a batch, without padding; None for a model that reads everything."""
    if output.rationale is None:
        return [None] * len(output.scores)
    lengths = output.rationale.mask.sum(1).tolist()
    return [tuple(row[:length]) for row, length in zip(output.rationale.z.tolist(), lengths, strict=True)]
