"""Figures of the paper about distributions."""

import numpy as np
import pytest
from matplotlib.image import imread
from reproduce.distributions import FIGURES, SHAPES, main

NAMES = ["figure2", "figure7", "figure8", "figure9"]


def test_four_pictures_that_are_not_blank(tmp_path, capsys):
    assert main(["--to", str(tmp_path / "figures")]) == 0
    paths = sorted((tmp_path / "figures").iterdir())
    assert [path.name for path in paths] == [f"{name}.png" for name in NAMES]
    assert capsys.readouterr().out.split() == [str(path) for path in paths]
    for path in paths:
        drawn = (imread(path)[..., :3] < 0.98).any(-1)
        assert 0.02 < drawn.mean() < 0.5
        halves = [drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :], *np.array_split(drawn, 2, axis=1)]
        assert all(half.mean() > 0.01 for half in halves)


def test_another_format(tmp_path):
    assert main(["--to", str(tmp_path), "--format", "pdf"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.pdf" for name in NAMES]
    assert all(path.read_bytes().startswith(b"%PDF") for path in tmp_path.iterdir())


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(SystemExit):
        main(["--to", str(tmp_path), "--format", "bmp"])


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_named(name):
    figure = FIGURES[name]()
    for axes in figure.axes:
        assert axes.get_xlabel() or figure.get_supxlabel()
        assert axes.get_ylabel() or figure.get_supylabel()


@pytest.mark.parametrize("name", ["figure7", "figure9"])
def test_every_pair_of_shapes_is_in_the_legend(name):
    (legend,) = FIGURES[name]().legends
    assert [text.get_text() for text in legend.get_texts()] == [f"$a={a:g}$, $b={b:g}$" for a, b in SHAPES]


def test_masses_of_the_first_figure_are_those_of_the_shaded_areas():
    (axes,) = FIGURES["figure2"]().axes
    for area, mass in zip(axes.collections, ("0.157", "0.206"), strict=True):
        assert mass in area.get_label()
        x, y = area.get_paths()[0].vertices.T
        enclosed = abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2
        assert enclosed == pytest.approx(float(mass), abs=2e-3)


def test_curves_of_the_last_figure_rise():
    (axes,) = FIGURES["figure9"]().axes
    curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert len(curves) == len(SHAPES)
    for curve in curves:
        heights = np.asarray(curve.get_ydata())
        assert (np.diff(heights) >= 0).all()
        assert 0 <= heights[0] <= heights[-1] <= 1
