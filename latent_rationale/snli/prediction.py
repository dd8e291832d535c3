"""Prediction for a pair of sentences as plain Python values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from html import escape
from pathlib import Path
from typing import Any

from latent_rationale.common.predictions.prediction import Prediction, Spans, in_style, word_of_line
from latent_rationale.common.utils.console import escaped

Matrix = tuple[tuple[float, ...], ...]
"""Attention weights, one row per word of one sentence and one column per word of the other."""

SHOWN_LINKS = 8
"""Maximum number of links, pairs of words with attention between them, that are shown in text."""


@dataclass(frozen=True)
class PairPrediction(Prediction):
    """Prediction for a premise and a hypothesis, with the attention between their words as rationale.

    Attributes:
        premise: ``M`` words of the premise.
        hypothesis: ``N`` words of the hypothesis.
        p2h: attention from premise to hypothesis, ``M`` rows of ``N`` weights.
        h2p: attention from hypothesis to premise, ``N`` rows of ``M`` weights; None if it is the transpose of ``p2h``.
    """

    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    p2h: Matrix
    h2p: Matrix | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values.

        A matrix becomes a list of ``[row, column, value]`` for the cells that do not round to 0 percent.
        """
        # asdict() would copy the matrices cell by cell.
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {
            name: None if matrix is None else [[*cell, round(value, 4)] for cell, value in _cells(matrix)]
            for name, matrix in (("p2h", self.p2h), ("h2p", self.h2p))
        }

    @property
    def links(self) -> list[tuple[float, str, str]]:
        """Links by decreasing weight: weight, word of the premise, word of the hypothesis.

        The weight is the mean of both directions.
        """
        h2p = self.h2p or tuple(zip(*self.p2h, strict=True))
        means = [
            [(value + h2p[column][row]) / 2 for column, value in enumerate(values)]
            for row, values in enumerate(self.p2h)
        ]
        links = [(value, self.premise[row], self.hypothesis[column]) for (row, column), value in _cells(means)]
        return sorted(links, key=lambda link: -link[0])

    def marked(self, gold: Spans = ()) -> str:
        """Return both sentences and the strongest links on one line."""
        sentences = (" ".join(map(word_of_line, tokens)) for tokens in (self.premise, self.hypothesis))
        return " | ".join([*sentences, _listed(self.links[:SHOWN_LINKS])])

    def highlighted(self, gold: Spans = ()) -> str:
        """Return both sentences and the strongest links on one line, with linked words in bold."""
        strongest = self.links[:SHOWN_LINKS]
        linked = {left for _, left, _ in strongest}, {right for _, _, right in strongest}
        sentences = zip((self.premise, self.hypothesis), linked, strict=True)
        bold = (" ".join(in_style(w, ["1"] if w in words else []) for w in tokens) for tokens, words in sentences)
        return " | ".join([*bold, escaped(_listed(strongest))])

    def to_html(self, gold: Spans = ()) -> str:
        """Return an HTML table of the attention from premise (rows) to hypothesis (columns), in percent."""
        header = "".join(f"<th>{escape(word)}</th>" for word in self.hypothesis)
        rows = "".join(
            f"<tr><th>{escape(word)}</th>{''.join(map(_html_cell, row))}</tr>"
            for word, row in zip(self.premise, self.p2h, strict=True)
        )
        return f"<table><tr><td></td>{header}</tr>{rows}</table>"

    def plot(self, path: Path) -> None:
        """Plot the attention from premise to hypothesis (paper, figures 6 and 10)."""
        # Imported here, because matplotlib takes a second to import and few predictions are drawn.
        from latent_rationale.common.predictions.plots import plot_matrix

        plot_matrix(self.p2h, self.premise, self.hypothesis, self.summary, path)


def _listed(links: Sequence[tuple[float, str, str]]) -> str:
    texts = (f"{word_of_line(left)} ~ {word_of_line(right)} {value:.2f}" for value, left, right in links)
    return ", ".join(texts) or "no links"


def _cells(matrix: Sequence[Sequence[float]]) -> Iterator[tuple[tuple[int, int], float]]:
    """Yield row, column and value of the cells that do not round to 0 percent."""
    for row, values in enumerate(matrix):
        for column, value in enumerate(values):
            if round(100 * value) > 0:
                yield (row, column), value


def _html_cell(value: float) -> str:
    percent = round(100 * value)
    return f'<td><mark style="--z:{value:.2g}">{percent}</mark></td>' if percent > 0 else "<td></td>"


def matrices(weights: Sequence[Sequence[Sequence[float]]], rows: Sequence[int], columns: Sequence[int]) -> list[Matrix]:
    """Remove the padding of a batch of matrices.

    Args:
        weights: padded matrices ``[B, M, N]``.
        rows: number of rows of each matrix without padding.
        columns: number of columns of each matrix without padding.
    """
    return [
        tuple(tuple(values[:width]) for values in matrix[:height])
        for matrix, height, width in zip(weights, rows, columns, strict=True)
    ]
