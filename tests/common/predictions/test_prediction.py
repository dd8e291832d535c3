import re

import pytest

from latent_rationale.common.predictions.display import LabelledPrediction, page
from latent_rationale.common.predictions.prediction import TextPrediction, highlight, mark


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
    TextPrediction((0.2, 0.8), 1, "positive", ("one", "word", "incomprehensibilities") * 30, z).plot(path)
    red, _, blue = imread(path)[..., :3].reshape(-1, 3).T
    coloured = ((red - blue) > 0.3).mean()
    assert coloured > 0.05 if z else coloured == 0


def test_what_people_marked_is_shown_beside_what_was_selected():
    tokens, z, gold = ["a", "very", "fine", "film"], [0.0, 1.0, 0.3, 0.0], [[1, 2], [2, 4]]
    assert mark(tokens, z, gold) == "a [**very**] [__fine__ film]"
    assert mark(tokens, None, gold) == "a [very] [fine film]"
    coloured = highlight(tokens, z, gold)
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == "a very fine film"
    assert [part.split("m")[0] for part in coloured.split("\033[")[1::2]] == ["2", "30;43;4", "33;4", "2;4"]


def test_a_page_shows_selected_and_marked_words_and_lets_no_markup_through():
    prediction = TextPrediction((0.71,), None, "look 0.71", ("a", "<b>", "film"), (0.0, 1.0, 0.25))
    html = page([LabelledPrediction("test", prediction, {"gold_name": "look 0.80", "gold_spans": [[1, 3]]})] * 300)
    assert "look 0.71, gold look 0.80" in html
    assert 'a <u><mark style="--z:1">&lt;b&gt;</mark> <mark style="--z:0.25">film</mark></u>' in html
    assert "200 of 300 predictions" in html
    assert "<b>" not in html


def test_a_page_of_texts_that_nobody_marked_does_not_speak_of_people():
    assert "people" not in page([LabelledPrediction("text", TextPrediction((0.2, 0.8), 1, "good", ("a",), None), {})])
