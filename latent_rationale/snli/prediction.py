"""What a model says of two sentences, apart from tensors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from html import escape
from pathlib import Path
from typing import Any

from latent_rationale.common.predictions.prediction import Prediction, Spans

Matrix = tuple[tuple[float, ...], ...]
SHOWN_LINKS = 8
"""How many linked pairs of words are listed for people, the strongest."""


@dataclass(frozen=True)
class PairPrediction(Prediction):
    """A prediction and the pairs of words it rests on.

    Attributes:
        premise: its words.
        hypothesis: likewise.
        p2h: how far each word of the premise (rows) is linked to each of the hypothesis (columns).
        h2p: the other direction, a row for each word of the hypothesis; None where it is the same.
    """

    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    p2h: Matrix
    h2p: Matrix | None = None

    def to_json(self) -> dict[str, Any]:
        """Of the matrices, the cells that are not zero in hundredths: ``[row, column, value]``."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        return known | {
            name: None if matrix is None else [[*cell, round(value, 4)] for cell, value in _cells(matrix)]
            for name, matrix in (("p2h", self.p2h), ("h2p", self.h2p))
        }

    @property
    def links(self) -> list[tuple[float, str, str]]:
        """Linked pairs of words, the strongest first: value, word of the premise, word of the hypothesis.

        Where both directions differ, the mean of both.
        """
        other = self.h2p or tuple(zip(*self.p2h, strict=True))
        means = [
            [(value + other[column][row]) / 2 for column, value in enumerate(values)]
            for row, values in enumerate(self.p2h)
        ]
        found = [(value, self.premise[row], self.hypothesis[column]) for (row, column), value in _cells(means)]
        return sorted(found, key=lambda link: -link[0])

    def marked(self, gold: Spans = ()) -> str:
        """Both sentences, and the strongest links, on one line."""
        return f"{' '.join(self.premise)} | {' '.join(self.hypothesis)} | {self._listed(self.links[:SHOWN_LINKS])}"

    def highlighted(self, gold: Spans = ()) -> str:
        """The same, linked words in bold."""
        strong = self.links[:SHOWN_LINKS]
        linked = {left for _, left, _ in strong}, {right for _, _, right in strong}
        sentences = zip((self.premise, self.hypothesis), linked, strict=True)
        bold = (" ".join(f"\033[1m{w}\033[0m" if w in words else w for w in tokens) for tokens, words in sentences)
        return " | ".join([*bold, self._listed(strong)])

    def _listed(self, links: Sequence[tuple[float, str, str]]) -> str:
        return ", ".join(f"{left} ~ {right} {value:.2f}" for value, left, right in links) or "no links"

    def to_html(self, gold: Spans = ()) -> str:
        """The matrix from premise (rows) to hypothesis (columns), in hundredths."""
        head = "".join(f"<th>{escape(word)}</th>" for word in self.hypothesis)
        rows = "".join(
            f"<tr><th>{escape(word)}</th>{''.join(map(_html_cell, row))}</tr>"
            for word, row in zip(self.premise, self.p2h, strict=True)
        )
        return f"<table><tr><td></td>{head}</tr>{rows}</table>"

    def plot(self, path: Path) -> None:
        """Draw the matrix (paper, figures 6 and 10)."""
        # Imported here, because matplotlib takes a second to import and few predictions are drawn.
        from latent_rationale.common.predictions.plots import plot_matrix

        plot_matrix(self.p2h, self.premise, self.hypothesis, self.summary, path)


def _cells(matrix: Sequence[Sequence[float]]) -> Iterator[tuple[tuple[int, int], float]]:
    """Places and values of the cells that are not zero in hundredths."""
    for row, values in enumerate(matrix):
        for column, value in enumerate(values):
            if round(100 * value) > 0:
                yield (row, column), value


def _html_cell(value: float) -> str:
    hundredths = round(100 * value)
    return f'<td><mark style="--z:{value:.2g}">{hundredths}</mark></td>' if hundredths > 0 else "<td></td>"


def matrices(weights: Sequence[Sequence[Sequence[float]]], rows: Sequence[int], columns: Sequence[int]) -> list[Matrix]:
    """Padded matrices without their padding, given how many rows and columns each has."""
    return [
        tuple(tuple(values[:width]) for values in matrix[:height])
        for matrix, height, width in zip(weights, rows, columns, strict=True)
    ]
