"""Heat maps of hierarchies of phrases."""

from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.visualization.layout import boxes, largest_score

COLOURS = "RdBu"
"""Colour map: red for phrases against the explained class, blue for phrases that speak for it."""


def plot_hierarchy(explanation: Explanation) -> Figure:
    """Plot the words of a sentence at the bottom, and longer phrases above shorter ones."""
    found, tokens = boxes(explanation), explanation.tokens
    height = 1 + max(box.row for box in found)
    figure = Figure(figsize=(0.6 + 0.62 * len(tokens), 0.9 + 0.34 * height), layout="constrained")
    axes = figure.add_subplot()
    limit = largest_score(explanation)
    colour = colormaps[COLOURS]
    scale = Normalize(-limit, limit)
    for box in found:
        start, end = box.span
        face = colour(scale(box.score))
        axes.add_patch(Rectangle((start, box.row), end - start, 1, facecolor=face, edgecolor="white"))
        dark = abs(box.score) > 0.6 * limit
        label = f"{box.score:z.2f}"
        axes.text((start + end) / 2, box.row + 0.5, label, ha="center", va="center", color="white" if dark else "black")
    axes.set_xlim(0, len(tokens))
    axes.set_ylim(0, height)
    places = [place + 0.5 for place in range(len(tokens))]
    axes.set_xticks(places, tokens, rotation=45, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(explanation.headline, fontsize=10, parse_math=False)
    return figure
