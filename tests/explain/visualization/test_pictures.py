"""Layout, figures and HTML pages of explanations, their JSON format, and the command that draws them."""

import json
import re
from dataclasses import asdict, replace

import pytest
from matplotlib.image import imread

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.explanation import Explanation, Provenance, read_explanations
from latent_rationale.explain.hierarchy.spans import SpanTree, all_spans
from latent_rationale.explain.visualization.figures import check_size, plot_hierarchy
from latent_rationale.explain.visualization.html import page
from latent_rationale.explain.visualization.layout import Box, boxes, largest_score
from latent_rationale.explain.visualize import main as visualize

SCORES = {(0, 1): -2.0, (1, 2): 0.5, (2, 3): 0.25, (0, 2): -1.5, (0, 3): 1.0}
EXPLANATION = Explanation(
    "dev",
    3,
    ("not", "<good>", "$x$"),
    tuple(SCORES),
    tuple(SCORES.values()),
    SpanTree.of(SCORES),
    "positive",
    "so",
    1,
    (0.2, 0.8),
    Provenance(
        method="soc",
        model="results/m",
        model_digest="0f",
        lm="results/lm",
        lm_digest="1e",
        nb_range=3,
        sample_n=9,
        share_samples=False,
        seed=2,
    ),
)


def test_a_phrase_stands_above_all_that_it_holds():
    assert set(boxes(EXPLANATION)) == {
        Box((0, 1), 0, -2.0),
        Box((1, 2), 0, 0.5),
        Box((2, 3), 0, 0.25),
        Box((0, 2), 1, -1.5),
        Box((0, 3), 2, 1.0),
    }
    assert largest_score(EXPLANATION) == 2


def test_without_a_tree_all_phrases_are_shown_none_over_another():
    spans = tuple(all_spans(5, longest=3))
    found = boxes(replace(EXPLANATION, tokens=tuple("abcde"), spans=spans, scores=(1.0,) * len(spans), tree=None))
    assert sorted(box.span for box in found) == sorted(spans)
    places = [(box.row, place) for box in found for place in range(*box.span)]
    assert len(places) == len(set(places))
    assert [{box.row for box in found if box.span[1] - box.span[0] == size} for size in (1, 2, 3)] == [
        {0},
        {1, 2},
        {3, 4, 5},
    ]


def test_a_node_without_words_of_its_own_still_stands_above_the_lowest_row():
    flat = replace(EXPLANATION, spans=((0, 3),), scores=(1.0,), tree=SpanTree((0, 3)))
    assert [box.row for box in boxes(flat)] == [1]


def test_a_picture_has_red_and_blue(tmp_path):
    EXPLANATION.plot(tmp_path / "tree.png")
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
    occluded = Provenance(method="occlusion", model="results/m", model_digest="0f", percentile=90)
    for explanation in (EXPLANATION, replace(EXPLANATION, tree=None, label=None, provenance=occluded)):
        assert Explanation.from_json(json.loads(json.dumps(explanation.to_json()))) == explanation
    assert EXPLANATION.headline == "so; scores for positive by soc (N = 3, K = 9, seed 2)"
    assert str(occluded) == "occlusion"


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_the_command_draws_what_explain_wrote(tmp_path, kind):
    path = tmp_path / "explanations.jsonl"
    path.write_text((json.dumps(EXPLANATION.to_json()) + "\n") * 3)
    arguments = ["--input", str(path), "--format", kind, "--start", "1", "--stop", "9"]
    assert visualize([*arguments, "--save_path", str(tmp_path / "new")]) == 0
    assert sorted(file.name for file in (tmp_path / "new" / "explanations").iterdir()) == [f"1.{kind}", f"2.{kind}"]
    other = path.rename(tmp_path / "explanations.own.jsonl")
    assert visualize(["--input", str(other), "--format", kind]) == 0
    assert len(list((tmp_path / "explanations.own").iterdir())) == 3
    assert (tmp_path / "explanations.own.html").exists()
    assert (tmp_path / "new" / "explanations.html").read_text().count("<article ") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no explanations"),
        ("{}\n", "explanations.jsonl:1: not an explanation (missing key: source)"),
        ("[1]\n", "explanations.jsonl:1: not an explanation ([1]: expected an object)"),
        ("no\n", "explanations.jsonl:1: not JSON"),
    ],
)
def test_other_files_are_refused(tmp_path, capsys, text, message):
    path = tmp_path / "explanations.jsonl"
    path.write_text(text)
    assert visualize(["--input", str(path)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("source", None, "null: expected a string"),
        ("number", 1.5, "1.5: expected an integer"),
        ("tokens", [], "phrase (0, 1): expected 0 <= start < end <= 0"),
        ("tokens", "not", '"not": expected an array'),
        ("tokens", ["not", 7, "x"], "7: expected a string"),
        ("spans", [], "spans: expected at least one"),
        ("spans", [[0, 1], [1, 2], [2, 3], [0, 2], [0, 999]], "phrase (0, 999): expected 0 <= start < end <= 3"),
        ("spans", [[-1, 0], [1, 2], [2, 3], [0, 2], [0, 3]], "phrase (-1, 0): expected"),
        ("spans", [[0, 1, 2]], "[0, 1, 2]: expected [start, end]"),
        ("spans", [[0, True]], "true: expected an integer"),
        ("spans", [[0, 1], [1, 2]], "scores: expected 2, one per span, got 5"),
        ("spans", [[0, 1], [0, 1], [2, 3], [0, 2], [0, 3]], "spans: expected each span once"),
        ("scores", [1.0, 10**400, 3.0, 4.0, 5.0], "expected a number within the range of a float"),
        ("scores", [1.0], "scores: expected 5, one per span, got 1"),
        ("scores", [1.0, 2.0, float("nan"), 4.0, 5.0], "NaN: expected a finite number"),
        ("scores", [1.0, 2.0, float("-inf"), 4.0, 5.0], "-Infinity: expected a finite number"),
        ("scores", [1.0, "2", 3.0, 4.0, 5.0], '"2": expected a finite number'),
        ("probabilities", [0.2, float("nan")], "NaN: expected a finite number"),
        ("probabilities", [], "label: expected an index of the 0 probabilities, got 1"),
        ("label", 2, "label: expected an index of the 2 probabilities, got 2"),
        ("label", -1, "label: expected an index of the 2 probabilities, got -1"),
        ("number", -1, "number: expected 0 or more, got -1"),
        ("provenance", asdict(EXPLANATION.provenance) | {"percentile": float("nan")}, "NaN: expected a finite number"),
        ("tree", json.loads("[" * 400 + "]" * 400), "expected [start, end, [children]]"),
        ("tree", json.loads("[0, 3, [" * 400 + "]]" * 400), "disjoint smaller phrases within it in order"),
        ("tree", [0, 999, []], "tree: expected the root (0, 3), the sentence, got (0, 999)"),
        ("tree", [0, 2, [[0, 1, []]]], "tree: expected the root (0, 3), the sentence, got (0, 2)"),
        ("tree", [0, 3, [[0, 3, []]]], "disjoint smaller phrases within it in order, got [(0, 3)]"),
        ("tree", [0, 3, [[1, 3, []]]], "tree: expected only phrases that are among the spans"),
        ("tree", [0, 3], "[0, 3]: expected [start, end, [children]]"),
        ("tree", [0, 2, [[2, 3, []]]], "disjoint smaller phrases within it in order, got [(2, 3)]"),
        ("label", "x", '"x": expected an integer'),
        ("provenance", {"method": "soc"}, "provenance: expected the keys method, model, "),
        ("provenance", asdict(EXPLANATION.provenance) | {"method": 1}, "1: expected a string"),
        ("provenance", asdict(EXPLANATION.provenance) | {"share_samples": 1}, "1: expected a boolean or null"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, capsys, name, value, message):
    path = tmp_path / "explanations.jsonl"
    good = EXPLANATION.to_json()
    path.write_text(json.dumps(good) + "\n" + json.dumps(good | {name: value}) + "\n")
    assert visualize(["--input", str(path)]) == 2
    error = capsys.readouterr().err
    assert "explanations.jsonl:2: not an explanation (" in error
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_surrogate_pair_in_a_word_is_refused(tmp_path, capsys):
    path = tmp_path / "explanations.jsonl"
    good = EXPLANATION.to_json()
    path.write_text(json.dumps(good) + "\n" + json.dumps(good | {"tokens": ["not", "\ud800", "x"]}) + "\n")
    assert visualize(["--input", str(path)]) == 2
    error = capsys.readouterr().err
    assert f"{path}:2: half of a surrogate pair (\\ud800)" in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_twenty_are_drawn_from_where_one_starts(tmp_path, capsys):
    path = tmp_path / "explanations.jsonl"
    path.write_text((json.dumps(EXPLANATION.to_json()) + "\n") * 30)
    assert visualize(["--input", str(path), "--start", "25"]) == 0
    assert len(list((tmp_path / "explanations").iterdir())) == 5
    assert visualize(["--input", str(path), "--start", "3", "--format", "svg"]) == 2
    assert f"would replace {tmp_path}/explanations.html; choose another folder" in capsys.readouterr().err
    assert visualize(["--input", str(path), "--start", "3", "--format", "svg", "--overwrite"]) == 0
    assert len(list((tmp_path / "explanations").glob("*.svg"))) == 20
    assert "20 of 30 explanations, from index 3," in capsys.readouterr().out


def test_pictures_are_not_replaced_unasked(tmp_path, capsys, monkeypatch):
    path = tmp_path / "explanations.jsonl"
    path.write_text((json.dumps(EXPLANATION.to_json()) + "\n") * 6)
    (tmp_path / "explanations").mkdir()
    for number in (0, 1, 2, 4, 7):
        (tmp_path / f"explanations/{number}.png").write_text("of somebody else")
    assert visualize(["--input", str(path)]) == 2
    error = capsys.readouterr().err
    assert f"error: would replace {tmp_path}/explanations/0.png, " in error
    assert "2.png and 1 more; choose another folder with --save-path, or set --overwrite\n" in error
    assert not (tmp_path / "explanations.html").exists()
    with monkeypatch.context() as patch:
        patch.setattr(Explanation, "plot", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        assert visualize(["--input", str(path), "--overwrite"]) == 130
    assert {file.read_text() for file in (tmp_path / "explanations").iterdir()} == {"of somebody else"}
    assert visualize(["--input", str(path), "--overwrite"]) == 0
    kept = [file.name for file in (tmp_path / "explanations").iterdir() if file.read_bytes() == b"of somebody else"]
    assert kept == ["7.png"]


def chain(words):
    """Return an explanation whose phrases all begin at the first word."""
    spans = tuple((0, end) for end in range(1, words + 1))
    tokens = tuple(f"w{number}" for number in range(words))
    return replace(EXPLANATION, tokens=tokens, spans=spans, scores=(1.0,) * words, tree=SpanTree.of(spans))


def test_a_tree_of_400_levels_is_written_read_and_drawn(tmp_path):
    explanation = chain(401)
    path = tmp_path / "explanations.jsonl"
    path.write_text(json.dumps(explanation.to_json()) + "\n")
    assert list(read_explanations(path)) == [explanation]
    assert max(box.row for box in boxes(explanation)) == 400
    assert page([explanation]).count("<div class=") == 402
    check_size(explanation)
    with pytest.raises(ValueError, match="tree: expected at most 400 levels of phrases"):
        chain(402)


@pytest.mark.parametrize(("words", "longest"), [(1100, 60), (20000, 1), (1600, 1600)])
def test_a_picture_that_would_fill_the_memory_is_left_out(tmp_path, capsys, words, longest):
    spans = tuple(all_spans(words, longest))[-10001:]
    tokens = tuple(f"w{number}" for number in range(words))
    large = replace(EXPLANATION, tokens=tokens, spans=spans, scores=(1.0,) * len(spans), tree=None)
    with pytest.raises(InputError, match=f"a picture of {words:,} words with .* phrases would be too large"):
        large.plot()
    path = tmp_path / "explanations.jsonl"
    path.write_text("".join(json.dumps(each.to_json()) + "\n" for each in (EXPLANATION, large)))
    assert visualize(["--input", str(path)]) == 0
    assert [file.name for file in (tmp_path / "explanations").iterdir()] == ["0.png"]
    out = capsys.readouterr().out
    assert "note: no picture 1.png: a picture of " in out
    assert "pictures of 1 of 2 explanations, from index 0," in out
    assert (tmp_path / "explanations.html").read_text().count("<article") == 2


def test_a_large_picture_has_fewer_pixels(tmp_path):
    for words in (20, 400):
        tokens, spans = tuple(map(str, range(words))), tuple(all_spans(words, 40))[-400:]
        large = replace(EXPLANATION, tokens=tokens, spans=spans, scores=(1.0,) * len(spans), tree=None)
        figure = plot_hierarchy(large)
        width, height = figure.get_size_inches() * figure.dpi
        assert width * height <= 60e6 * 1.001
        assert (figure.dpi == 150) is (words == 20)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, capsys):
    path = tmp_path / "explanations.jsonl"
    path.write_text(json.dumps(EXPLANATION.to_json()) + "\n")
    assert visualize(["--input", str(path), "--save_path", str(path / "below")]) == 2
    assert f"{path}/below: cannot be written to (Not a directory)" in capsys.readouterr().err


def test_a_range_without_explanations_is_refused(tmp_path, capsys):
    path = tmp_path / "explanations.jsonl"
    path.write_text(json.dumps(EXPLANATION.to_json()) + "\n")
    assert visualize(["--input", str(path), "--start", "4"]) == 2
    assert "has 1 explanations, none of them in --start 4 --stop 24" in capsys.readouterr().err
