"""Explanations as pictures and on a page."""

import json
import re
from dataclasses import replace

import pytest
from matplotlib.image import imread

from latent_rationale.common.commands import run_command
from latent_rationale.explain.explanation import Explanation
from latent_rationale.explain.layout import Cell, cells, strength
from latent_rationale.explain.page import page
from latent_rationale.explain.picture import draw
from latent_rationale.explain.spans import SpanTree
from latent_rationale.explain.visualize import visualize

SCORES = {(0, 1): -2.0, (1, 2): 0.5, (2, 3): 0.25, (0, 2): -1.5, (0, 3): 1.0}
EXPLANATION = Explanation(
    ("not", "<good>", "$x$"),
    tuple(SCORES),
    tuple(SCORES.values()),
    SpanTree.of(SCORES),
    "positive",
    "so",
    1,
    (0.2, 0.8),
)


def test_a_phrase_stands_above_all_that_it_holds():
    assert set(cells(EXPLANATION)) == {
        Cell((0, 1), 0, -2.0),
        Cell((1, 2), 0, 0.5),
        Cell((2, 3), 0, 0.25),
        Cell((0, 2), 1, -1.5),
        Cell((0, 3), 2, 1.0),
    }
    assert strength(EXPLANATION) == 2


def test_without_a_tree_words_are_shown():
    assert {cell.span for cell in cells(replace(EXPLANATION, tree=None))} == {(0, 1), (1, 2), (2, 3)}


def test_a_node_without_words_of_its_own_still_stands_above_the_lowest_row():
    flat = replace(EXPLANATION, spans=((0, 3),), scores=(1.0,), tree=SpanTree((0, 3)))
    assert [cell.row for cell in cells(flat)] == [1]


def test_a_picture_has_red_and_blue(tmp_path):
    draw(EXPLANATION, tmp_path / "tree.png")
    pixels = imread(tmp_path / "tree.png")[..., :3]
    red, blue = pixels[..., 0] - pixels[..., 2] > 0.3, pixels[..., 2] - pixels[..., 0] > 0.3
    assert red.mean() > 0.02
    assert blue.mean() > 0.02


def test_a_page_holds_every_phrase_and_nothing_from_elsewhere():
    text = page([EXPLANATION, EXPLANATION])
    assert len(re.findall('<div class="(?:for|against)', text)) == 10
    assert 'title="not &lt;good&gt;: -1.500"' in text
    assert "<good>" not in text
    assert not re.search(r"(?:src|href)=|https?:|@import|url\(", text)


def test_json_and_back():
    assert Explanation.from_json(EXPLANATION.to_json()) == EXPLANATION
    plain = replace(EXPLANATION, tree=None)
    assert Explanation.from_json(plain.to_json()) == plain


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_the_command_draws_what_explain_wrote(tmp_path, kind):
    path = tmp_path / "explanations.jsonl"
    path.write_text((json.dumps(EXPLANATION.to_json()) + "\n") * 3)
    arguments = ["--input", str(path), "--format", kind, "--start", "1", "--stop", "9"]
    assert run_command(visualize, [*arguments, "--save_path", str(tmp_path / "new")]) == 0
    assert sorted(file.name for file in (tmp_path / "new" / "explanations").iterdir()) == [f"1.{kind}", f"2.{kind}"]
    assert (tmp_path / "new" / "explanations.html").read_text().count("<article>") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no explanations"),
        ("{}\n", "explanations.jsonl:1: not an explanation"),
        ("[1]\n", "explanations.jsonl:1: not an explanation"),
        ("no\n", "explanations.jsonl:1: not JSON"),
    ],
)
def test_other_files_are_refused(tmp_path, capsys, text, message):
    path = tmp_path / "explanations.jsonl"
    path.write_text(text)
    assert run_command(visualize, ["--input", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_a_range_without_explanations_is_refused(tmp_path, capsys):
    path = tmp_path / "explanations.jsonl"
    path.write_text(json.dumps(EXPLANATION.to_json()) + "\n")
    assert run_command(visualize, ["--input", str(path), "--start", "4"]) == 2
    assert "has no explanations from 4 to 20" in capsys.readouterr().err
