"""Plots of predictions: texts with words coloured by selection, and heat maps of attention between two texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

COLUMNS = 88
"""Maximum number of characters per line of a plotted text."""


def plot_strip(tokens: Sequence[str], z: Sequence[float] | None, title: str, path: Path) -> None:
    """Plot a text whose words are highlighted in proportion to z.

    Args:
        tokens: the words.
        z: selection of each word, in [0, 1]; None for no highlighting.
        title: title above the text.
        path: file to save the plot to (png, pdf, svg).
    """
    positions = _wrap([len(token) for token in tokens])
    last_line = positions[-1][0]
    # One data unit is a character in x and a line in y; the figure is sized in inches to match a 9 point font.
    figure = Figure(figsize=(COLUMNS * 0.085, 0.28 * (last_line + 2)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-1, COLUMNS + 1)
    axes.set_ylim(last_line + 1.2, -1.2)  # inverted: the first line is at the top
    axes.axis("off")
    axes.text(0, -0.6, title, family="monospace", fontsize=9, weight="bold", va="center")
    for token, heat, (line, column) in zip(tokens, z or [0.0] * len(tokens), positions, strict=True):
        axes.barh(
            line + 0.4, len(token) + 0.6, left=column - 0.3, height=0.85, color="#f5a623", alpha=heat, linewidth=0
        )
        # Characters are placed one by one, because the width of a rendered string varies with font and backend.
        for offset, character in enumerate(token):
            axes.text(
                column + offset + 0.5, line + 0.4, character, family="monospace", fontsize=9, ha="center", va="center"
            )
    figure.savefig(path, dpi=150)


def plot_matrix(
    values: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str], title: str, path: Path
) -> None:
    """Plot a matrix of attention weights between the words of two texts, with the percentage in each cell.

    Args:
        values: weights in [0, 1], one row per entry of ``rows``.
        rows: words of the first text, from top to bottom.
        columns: words of the second text, from left to right.
        title: title above the matrix.
        path: file to save the plot to (png, pdf, svg).
    """
    figure = Figure(figsize=(1.5 + 0.42 * len(columns), 1.3 + 0.32 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(values, cmap="Oranges", vmin=0, vmax=1, aspect="auto")
    # Words are not parsed as formulas, so that those with a dollar sign are shown as they are.
    words: dict[str, Any] = {"family": "monospace", "parse_math": False}
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="left", rotation_mode="anchor", **words)
    axes.set_yticks(range(len(rows)), rows, **words)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.spines[:].set_visible(False)
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            if round(100 * value) > 0:
                # Dark cells need light text.
                colour = "white" if value > 0.6 else "black"
                axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8, color=colour)
    figure.suptitle(title, fontsize=10, weight="bold")
    figure.savefig(path, dpi=150)


def _wrap(widths: list[int]) -> list[tuple[int, int]]:
    """Return the line and column of each word, given the number of characters of each."""
    positions, line, column = [], 0, 0
    for width in widths:
        if column > 0 and column + width > COLUMNS:
            line, column = line + 1, 0
        positions.append((line, column))
        column += width + 1
    return positions
