"""Draw figures 2, 7, 8 and 9 of the paper: the Kumaraswamy distribution, stretched and rectified (HardKuma).

    python scripts/reproduce/distributions.py                          # results/figures/figure2.png, ...
    python scripts/reproduce/distributions.py --to paper --format pdf

All curves are computed by the distributions of this package.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.distributions import AffineTransform, Distribution, TransformedDistribution

from latent_rationale.common.distributions import HardKuma, Kumaraswamy

SHAPES = {
    (0.5, 0.5): "#0072B2",
    (0.5, 2.0): "#56B4E9",
    (5.0, 0.5): "#D55E00",
    (1.0, 1.0): "#000000",
    (2.0, 2.0): "#009E73",
    (2.0, 5.0): "#CC79A7",
}
"""Shape parameters (a, b) of figures 7 to 9 and their colours (a palette for colour-blind readers)."""

STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "figure.labelsize": 10,
    "legend.edgecolor": "none",
    "legend.framealpha": 1,
    "savefig.dpi": 200,
}
HIGHEST = 3.2
"""Upper limit of density axes; some densities are unbounded."""


def main(arguments: list[str] | None = None) -> int:
    """Draw and save all figures, print their paths, and return the exit code."""
    options = parse_options(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        path = options.to / f"{name}.{options.format}"
        with rc_context(STYLE):
            draw().savefig(path)
        print(path)
    return 0


def parse_options(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results/figures"), help="folder for the figures")
    parser.add_argument("--format", choices=["png", "pdf"], default="png")
    return parser.parse_args(arguments)


def stretching() -> Figure:
    """Draw figure 2: Kuma(0.5, 0.5), the stretched distribution, and the tails whose mass is rectified to 0 and 1."""
    # Stretching is the affine map from (0, 1) to (low, high) = (-0.1, 1.1).
    base, hard = Kumaraswamy(0.5, 0.5), HardKuma(0.5, 0.5)
    stretched = TransformedDistribution(base, AffineTransform(hard.low, hard.high - hard.low))
    figure, axes = new_figure("$x$", "density")
    unit, wide = points(0, 1), points(hard.low, hard.high)
    axes.plot(unit, density(base, unit), "--", color="#56B4E9", label="Kuma(0.5, 0.5)")
    axes.plot(wide, density(stretched, wide), color="#0072B2", label="stretched to ($-0.1$, 1.1)")
    # Rectification moves the mass outside of [0, 1] to the nearer end (paper, section 3.2).
    tails = ((0, hard.p0, hard.low, 0.0, "#D55E00"), (1, hard.p1, 1.0, hard.high, "#009E73"))
    for place, mass, start, end, color in tails:
        tail = points(start, end)
        label = f"collapses: $P(H = {place}) = {float(mass):.3f}$"
        axes.fill_between(tail, density(stretched, tail), color=color, alpha=0.45, linewidth=0, label=label)
    axes.set(xlim=(-0.15, 1.15), ylim=(0, HIGHEST))
    axes.legend(loc="upper center")
    return figure


def kumaraswamy_densities() -> Figure:
    """Draw figure 7: densities of the Kumaraswamy distribution."""
    figure, axes = new_figure("$k$", "density")
    unit = points(0, 1)
    for (a, b), color in SHAPES.items():
        axes.plot(unit, density(Kumaraswamy(a, b), unit), color=color, label=name_of(a, b))
    axes.set(xlim=(0, 1), ylim=(0, HIGHEST))
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def hardkuma_densities() -> Figure:
    """Draw figure 8: densities of the HardKuma distribution on (0, 1), and its point masses at 0 and 1 as stems."""
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    inside = points(0, 1)
    for panel, ((a, b), color) in zip(panels.flat, SHAPES.items(), strict=True):
        # The continuous part alone: its area is 1 - p0 - p1, and the stems show the rest.
        dist = HardKuma(a, b)
        panel.plot(inside, density(dist, inside), color=color)
        panel.fill_between(inside, density(dist, inside), color=color, alpha=0.15, linewidth=0)
        for place, mass in ((0, float(dist.p0)), (1, float(dist.p1))):
            draw_mass(panel, place, mass, color)
        panel.set(title=name_of(a, b), xlim=(-0.45, 1.45), ylim=(0, 2), xticks=[0, 0.5, 1])
    figure.supxlabel("$h$")
    figure.supylabel("density (curve), probability (stem)")
    return figure


def hardkuma_distribution_functions() -> Figure:
    """Draw figure 9: cumulative distribution functions of the HardKuma distribution, with jumps at 0 and 1.

    Filled markers are points of the curve, open markers are limits.
    """
    figure, axes = new_figure("$h$", "$P(H \\leq h)$")
    inside, ends = points(0, 1), torch.tensor([0.0, 1.0])
    for (a, b), color in SHAPES.items():
        dist = HardKuma(a, b)
        axes.plot(inside, dist.cdf(inside), color=color, label=name_of(a, b))
        # The function is right-continuous: it attains p0 at 0, and jumps from the limit 1 - p1 to 1 at 1.
        axes.plot(ends, torch.stack([dist.p0, 1 - dist.p1]), "o", color=color, markersize=5, markevery=[0])
        axes.plot(ends, torch.stack([dist.p0, 1 - dist.p1]), "o", color=color, mfc="white", markersize=5, markevery=[1])
    # Outside of [0, 1) the function is 0 or 1 for all parameters, drawn once with the last distribution.
    for outside in (torch.tensor([-0.15, -1e-9]), torch.tensor([1.0, 1.15])):
        axes.plot(outside, dist.cdf(outside), color="#777777", zorder=1)
    axes.set(xlim=(-0.15, 1.15), ylim=(-0.03, 1.03))
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def new_figure(x_name: str, y_name: str) -> tuple[Figure, Axes]:
    """Create a figure with one pair of axes and their labels."""
    figure = Figure(figsize=(5.4, 3.8), layout="constrained")
    return figure, figure.add_subplot(xlabel=x_name, ylabel=y_name)


def draw_mass(axes: Axes, place: float, mass: float, color: str) -> None:
    """Draw a point mass as a stem with its height as text.

    Args:
        axes: the axes to draw on.
        place: the position of the mass, 0 or 1; the text stands on the outer side.
        mass: the height of the stem.
        color: the colour of the stem.
    """
    axes.vlines(place, 0, mass, color=color, linewidth=2.2)
    axes.plot([place], [mass], "o", color=color, markersize=6, clip_on=False)
    side, alignment = (-7, "right") if place == 0 else (7, "left")
    height = f"{mass:.2f}" if mass >= 0.005 else "<0.01"
    axes.annotate(height, (place, mass), (side, 2), textcoords="offset points", ha=alignment, fontsize=9)


def density(dist: Distribution, at: Tensor) -> Tensor:
    """Evaluate the density of a distribution."""
    return dist.log_prob(at).exp()


def points(low: float, high: float) -> Tensor:
    """Return points of the open interval (low, high), denser near its ends, where densities may diverge."""
    # Equidistant logits; in float64 the outermost points stay inside of the interval.
    return low + (high - low) * torch.sigmoid(torch.linspace(-14, 14, 801, dtype=torch.float64))


def name_of(a: float, b: float) -> str:
    """Format two shape parameters for legends and titles."""
    return f"$a={a:g}$, $b={b:g}$"


FIGURES: dict[str, Callable[[], Figure]] = {
    "figure2": stretching,
    "figure7": kumaraswamy_densities,
    "figure8": hardkuma_densities,
    "figure9": hardkuma_distribution_functions,
}


if __name__ == "__main__":
    sys.exit(main())
