"""A heat strip: a text whose words are coloured by how far they were selected."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from latent_rationale.common.prediction import Prediction

COLUMNS = 88
"""Characters per line of a strip."""


def plot_strip(prediction: Prediction, path: Path) -> None:
    """Draw a prediction's text, words with z = 1 in full colour, others paler, and save it (png, pdf, svg).

    A model that reads everything colours nothing.
    """
    lines = _wrap([len(token) for token in prediction.tokens])
    height = 0.28 * (max(line for line, _ in lines) + 2)
    figure = Figure(figsize=(COLUMNS * 0.085, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-1, COLUMNS + 1)
    axes.set_ylim(max(line for line, _ in lines) + 1.2, -1.2)
    axes.axis("off")
    axes.text(0, -0.6, prediction.said, family="monospace", fontsize=9, weight="bold", va="center")
    for token, z, (line, column) in zip(prediction.tokens, _heat(prediction), lines, strict=True):
        axes.barh(line + 0.4, len(token) + 0.6, left=column - 0.3, height=0.85, color="#f5a623", alpha=z, linewidth=0)
        for offset, character in enumerate(token):  # one by one, so that they keep to their columns
            axes.text(
                column + offset + 0.5, line + 0.4, character, family="monospace", fontsize=9, ha="center", va="center"
            )
    figure.savefig(path, dpi=150)


def _heat(prediction: Prediction) -> Sequence[float]:
    return prediction.z if prediction.z is not None else [0.0] * len(prediction.tokens)


def _wrap(widths: list[int]) -> list[tuple[int, int]]:
    """Line and column of each word."""
    places, line, column = [], 0, 0
    for width in widths:
        if column > 0 and column + width > COLUMNS:
            line, column = line + 1, 0
        places.append((line, column))
        column += width + 1
    return places
