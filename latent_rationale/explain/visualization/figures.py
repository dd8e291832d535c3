"""Heat maps of phrase hierarchies, drawn with matplotlib."""

import math

from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.visualization.layout import boxes, largest_score

COLOURS = "RdBu"
"""Colour map of scores: red for evidence against the explained class, blue for evidence in favour of it."""


DPI, LEAST_DPI = 150, 40
"""Resolution of a picture, and the lowest one of a large picture, at which text can just be read."""

MOST_PIXELS, MOST_PHRASES = 60_000_000, 10_000
"""Largest size of a picture. 60 million pixels need 0.6 GB of memory, and 10,000 phrases half a minute."""


def check_size(explanation: Explanation) -> None:
    """Check that an explanation can be drawn in a picture of a sensible size.

    Raises:
        InputError: if it has too many words or phrases.
    """
    width, height = _inches(explanation)
    if len(explanation.spans) > MOST_PHRASES or width * height * LEAST_DPI**2 > MOST_PIXELS:
        size = f"{len(explanation.tokens):,} words with {len(explanation.spans):,} phrases"
        raise InputError(f"a picture of {size} would be too large; to_html and the page of explain.visualize show them")


def _inches(explanation: Explanation) -> tuple[float, float]:
    """Return width and height of a picture in inches."""
    rows = 1 + max(box.row for box in boxes(explanation))
    return 0.6 + 0.62 * len(explanation.tokens), 0.9 + 0.34 * rows


def plot_hierarchy(explanation: Explanation) -> Figure:
    """Draw an explanation as a heat map, with words at the bottom and longer phrases above shorter ones.

    Raises:
        InputError: if the picture would be too large.
    """
    check_size(explanation)
    drawn, tokens = boxes(explanation), explanation.tokens
    height = 1 + max(box.row for box in drawn)
    size = _inches(explanation)
    figure = Figure(figsize=size, layout="constrained", dpi=min(DPI, math.sqrt(MOST_PIXELS / math.prod(size))))
    axes = figure.add_subplot()
    limit = largest_score(explanation)
    colours = colormaps[COLOURS]
    scale = Normalize(-limit, limit)  # symmetric, so that a score of zero is white
    for box in drawn:
        start, end = box.span
        background = colours(scale(box.score))
        axes.add_patch(Rectangle((start, box.row), end - start, 1, facecolor=background, edgecolor="white"))
        dark = abs(box.score) > 0.6 * limit  # black text is hard to read on the ends of the colour map
        label = f"{box.score:z.2f}"
        axes.text((start + end) / 2, box.row + 0.5, label, ha="center", va="center", color="white" if dark else "black")
    axes.set_xlim(0, len(tokens))
    axes.set_ylim(0, height)
    centres = [position + 0.5 for position in range(len(tokens))]
    # Tokens such as "$" are text, not the beginning of a formula.
    axes.set_xticks(centres, tokens, rotation=45, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(explanation.headline, fontsize=10, parse_math=False)
    return figure
