"""Heat strips, texts whose words are coloured by how far they were selected; and heat maps of pairs of words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

COLUMNS = 88
"""Characters per line of a strip."""


def plot_strip(tokens: Sequence[str], z: Sequence[float] | None, title: str, path: Path) -> None:
    """Draw a text, words with z = 1 in full colour, others paler, and save it (png, pdf, svg).

    Args:
        tokens: the words.
        z: how far each was read, in [0, 1]; None colours nothing.
        title: what stands above.
        path: where to save it.
    """
    lines = _wrap([len(token) for token in tokens])
    height = 0.28 * (max(line for line, _ in lines) + 2)
    figure = Figure(figsize=(COLUMNS * 0.085, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-1, COLUMNS + 1)
    axes.set_ylim(max(line for line, _ in lines) + 1.2, -1.2)
    axes.axis("off")
    axes.text(0, -0.6, title, family="monospace", fontsize=9, weight="bold", va="center")
    for token, heat, (line, column) in zip(tokens, z or [0.0] * len(tokens), lines, strict=True):
        axes.barh(
            line + 0.4, len(token) + 0.6, left=column - 0.3, height=0.85, color="#f5a623", alpha=heat, linewidth=0
        )
        for offset, character in enumerate(token):  # one by one, so that they keep to their columns
            axes.text(
                column + offset + 0.5, line + 0.4, character, family="monospace", fontsize=9, ha="center", va="center"
            )
    figure.savefig(path, dpi=150)


def plot_matrix(
    values: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str], title: str, path: Path
) -> None:
    """Draw how far words are linked, in hundredths, and save it (png, pdf, svg).

    Args:
        values: in [0, 1], one for each pair of words.
        rows: words of the one sentence, from top to bottom.
        columns: words of the other, from left to right.
        title: what stands above.
        path: where to save it.
    """
    figure = Figure(figsize=(1.5 + 0.42 * len(columns), 1.3 + 0.32 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(values, cmap="Oranges", vmin=0, vmax=1, aspect="auto")
    words: dict[str, Any] = {"family": "monospace", "parse_math": False}
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="left", rotation_mode="anchor", **words)
    axes.set_yticks(range(len(rows)), rows, **words)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.spines[:].set_visible(False)
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            if round(100 * value) > 0:
                colour = "white" if value > 0.6 else "black"
                axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8, color=colour)
    figure.suptitle(title, fontsize=10, weight="bold")
    figure.savefig(path, dpi=150)


def _wrap(widths: list[int]) -> list[tuple[int, int]]:
    """Line and column of each word."""
    places, line, column = [], 0, 0
    for width in widths:
        if column > 0 and column + width > COLUMNS:
            line, column = line + 1, 0
        places.append((line, column))
        column += width + 1
    return places
