import json
import re
import sys

import pytest

from latent_rationale.common.predictions.display import (
    LabelledPrediction,
    page,
    show,
)
from latent_rationale.common.predictions.files import prediction_files, write_predictions
from latent_rationale.common.predictions.prediction import TextPrediction, highlight, mark
from latent_rationale.common.utils.console import run_command
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.writing import refuse_existing
from latent_rationale.snli.prediction import PairPrediction


def test_marks_of_the_original():
    assert " ".join(mark(["a", "fine", "film"], [0.0, 1.0, 0.3])) == "a **fine** __film__"
    assert " ".join(mark(["a", "film"], None)) == "a film"


def test_highlighting_adds_colours_and_nothing_else():
    tokens, z = ["a", "fine", "film"], [0.0, 1.0, 0.3]
    coloured = " ".join(highlight(tokens, z))
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == "a fine film"
    assert len({part.split("m")[0] for part in coloured.split("\033[")[1::2]}) == 3
    assert " ".join(highlight(tokens, None)) == "a fine film"


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
    assert " ".join(mark(tokens, z, gold)) == "a [**very**] [__fine__ film]"
    assert " ".join(mark(tokens, None, gold)) == "a [very] [fine film]"
    coloured = " ".join(highlight(tokens, z, gold))
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


HOSTILE = ("a\x1b[2J", "", "b\nc", "d\u2028\u202e", "\x9b8m")


def test_the_words_of_a_text_stay_on_one_line():
    assert " ".join(mark(HOSTILE, [0.0, 1.0, 0.5, 0.0, 0.0])) == 'a\x1b[2J **""** __b\\nc__ d\\u2028\u202e \x9b8m'
    pair = PairPrediction((1.0,), 0, "neutral", HOSTILE, ("x\r",), tuple((1.0,) for _ in HOSTILE))
    assert pair.marked().startswith('a\x1b[2J "" b\\nc d\\u2028\u202e \x9b8m | x\\r | a\x1b[2J ~ x\\r 1.00, "" ~ x\\r')
    assert len(pair.marked().splitlines()) == 1


def test_words_do_nothing_to_a_terminal():
    pair = PairPrediction((1.0,), 0, "neutral", HOSTILE, ("x\r",), tuple((1.0,) for _ in HOSTILE))
    text = TextPrediction((1.0,), 0, "neutral", HOSTILE, (0.0, 1.0, 0.5, 0.0, 0.0))
    for shown in (text.highlighted(), text.highlighted([[0, 2]]), pair.highlighted()):
        assert "\\x1b[2J" in shown
        assert "\\x9b8m" in shown
        without_colours = re.sub(r"\033\[[0-9;]*m", "", shown)
        assert all(character.isprintable() for character in without_colours)


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_shown_does_nothing_to_a_terminal(monkeypatch, capsys, terminal):
    prediction = TextPrediction((1.0,), 0, "good\x1b[2J", HOSTILE, (0.0, 1.0, 0.5, 0.0, 0.0))
    items = [LabelledPrediction("test", prediction, {"gold_name": "bad\x07"})]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert run_command(lambda _: show(items), []) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("good\\x1b[2J (100%), gold bad\\x07\n  ")
    assert ("\033[30;43m" in shown) == terminal
    assert re.sub(r"\033\[[0-9;]*m|\n", "", shown).isprintable()


def test_a_file_of_rationales_has_one_line_for_each_prediction(tmp_path):
    predictions = [
        LabelledPrediction("test", TextPrediction((1.0,), 0, "good", words, None), {}) for words in (HOSTILE, ("a",))
    ]
    write_predictions(tmp_path, predictions, zipped=False)
    lines = (tmp_path / "rationales.txt").read_text().splitlines()
    assert lines == ['a\x1b[2J "" b\\nc d\\u2028\u202e \x9b8m', "a"]
    first, _, _ = (tmp_path / "predictions.jsonl").read_text().split("\n")
    assert json.loads(first)["tokens"] == list(HOSTILE)


@pytest.mark.parametrize(
    "name", ["predictions.jsonl", "predictions.jsonl.gz", "rationales.txt", "rationales.html", "plots/a.png"]
)
def test_a_folder_with_predictions_is_refused(tmp_path, name):
    assert refuse_existing(prediction_files(tmp_path / "none"), overwrite=False) == []
    (tmp_path / "plots").mkdir()
    (tmp_path / "other.txt").write_text("kept")
    assert refuse_existing(prediction_files(tmp_path), overwrite=False) == []
    (tmp_path / name).symlink_to("nowhere")  # a link counts, whether its target exists or not
    with pytest.raises(InputError, match=r"would replace .*--save-path.*--overwrite") as error:
        refuse_existing(prediction_files(tmp_path), overwrite=False)
    assert name.split("/")[0] in str(error.value)
    assert refuse_existing(prediction_files(tmp_path), overwrite=True) == [tmp_path / name]
