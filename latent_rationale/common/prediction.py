"""What a model says of one text, apart from tensors."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from latent_rationale.common.structures import Output

Spans = Sequence[Sequence[int]]
"""Stretches of words: where each starts, and where it has ended."""


@dataclass(frozen=True)
class Prediction:
    """A prediction and the words it rests on.

    Attributes:
        tokens: the words.
        z: how far each was read, in [0, 1]; None for a model that reads everything.
        scores: one number per class (probabilities) or aspect.
        label: the class, as the data writes it; None where scores are all there is to say.
        label_name: the class as people call it, or the scores with their names.
    """

    tokens: tuple[str, ...]
    z: tuple[float, ...] | None
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
