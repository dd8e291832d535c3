import re

import pytest

from latent_rationale.common.plots import plot_strip
from latent_rationale.common.prediction import Prediction, highlight, mark


def test_marks_of_the_original():
    assert mark(["a", "fine", "film"], [0.0, 1.0, 0.3]) == "a **fine** __film__"
    assert mark(["a", "film"], None) == "a film"


def test_highlighting_adds_colours_and_nothing_else():
    tokens, z = ["a", "fine", "film"], [0.0, 1.0, 0.3]
    coloured = highlight(tokens, z)
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == "a fine film"
    assert len({part.split("m")[0] for part in coloured.split("\033[")[1::2]}) == 3
    assert highlight(tokens, None) == "a fine film"


@pytest.mark.parametrize("z", [(1.0, 0.0, 0.5) * 30, None])
def test_a_strip_is_drawn_and_shows_the_selection(tmp_path, z):
    from matplotlib.image import imread

    path = tmp_path / "strip.png"
    plot_strip(Prediction(("one", "word", "incomprehensibilities") * 30, z, (0.2, 0.8), 1, "positive"), path)
    red, _, blue = imread(path)[..., :3].reshape(-1, 3).T
    coloured = ((red - blue) > 0.3).mean()
    assert coloured > 0.05 if z else coloured == 0
