"""Training on a table and predicting for another, as a user does."""

import csv
import json
import random

import pytest
import torch

import latent_rationale
from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.predict import main as predict_text
from latent_rationale.text.prediction import TablePrediction
from latent_rationale.text.targets import Classes, Labels, Number, from_json
from latent_rationale.text.train import main as train_text

SMALL = [
    "--hidden_size",
    "8",
    "--embed_size",
    "8",
    "--batch_size",
    "20",
    "--dropout",
    "0",
    "--lr",
    "0.02",
    "--eval_every=-1",
]
GOOD, BAD = ["superb", "lovely", "didn't disappoint"], ["dreadful", "dull", "wasn't good"]


def rows(count=120, seed=1):
    """Short reviews: text, class, stars, and the topics that occur in them."""
    generator = random.Random(seed)
    for number in range(count):
        good = number % 2
        word = generator.choice(GOOD if good else BAD)
        topics = [topic for topic in ("food", "staff") if generator.random() < 0.5]
        about = " and ".join(topics) or "place"
        text = f'The "{about}" — {word}, (no. {number})!'
        yield {
            "nr": f"r{number}",
            "review": text,
            "verdict": "good" if good else "bad",
            "stars": str(1 + 3 * good + len(topics) / 2),
            "food": int("food" in topics),
            "staff": int("staff" in topics),
        }


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "reviews.csv"
    write(path, list(rows()))
    return path


def write(path, given):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, given[0])
        writer.writeheader()
        writer.writerows(given)


def train(table, folder, *more, label=("verdict",)):
    columns = ["--text-column", "review", "--label-column", *label, "--id-column", "nr"]
    run = ["--num_iterations", "-12", "--save_path", str(folder)]
    return train_text(["--train_path", str(table), *columns, *SMALL, *run, *more])


def results_of(folder):
    return json.loads((folder / "results.json").read_text())


def predictions_in(folder):
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def classified(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classified") / "run"
    assert train(table, folder, "--model", "latent") == 0
    return folder


def test_classes_are_discovered_counted_and_learned(classified, table, tmp_path, capsys):
    assert train(table, tmp_path / "run", "--num_iterations", "1") == 0
    shown = capsys.readouterr().out
    assert "reading reviews.csv: CSV with commas, UTF-8, columns nr, review, verdict, stars, food, staff\n" in shown
    assert "split off dev and test by --seed 1\n" in shown
    assert "classes: bad 48, good 48\n" in shown
    assert "data: 96 train, 12 dev, 12 test texts" in shown
    assert results_of(classified)["test_acc"] == 1
    assert results_of(classified)["test_macro_f1"] == 1


def test_predictions_show_the_text_as_it_was_written(classified):
    (row, *_) = predictions_in(classified)
    assert {"id", "text", "offsets", "rationale", "label_name", "gold", "z"} <= row.keys()
    words = [row["text"][start:end] for start, end in row["offsets"]]
    assert words[:3] == ["The", '"', row["text"].split('"')[1].split()[0]]
    selected = [row["text"][start:end] for start, end in row["rationale"]]
    assert all(text in row["text"] for text in selected)
    shown = (classified / "rationales.txt").read_text(encoding="utf-8").splitlines()[0]
    assert shown.replace("*", "").replace("_", "") == row["text"]
    assert "-LRB-" not in shown


def test_rows_for_prediction_keep_their_order_their_names_and_their_other_columns(classified, tmp_path):
    given = [{key: row[key] for key in ("nr", "stars", "review")} for row in rows(30, seed=5)]
    write(tmp_path / "new.csv", given)
    assert predict_text(["--ckpt", str(classified), "--input", str(tmp_path / "new.csv")]) == 0
    found = predictions_in(classified / "predict/new")
    assert [row["id"] for row in found] == [row["nr"] for row in given]
    assert [row["row"] for row in found] == [{key: row[key] for key in ("nr", "stars")} for row in given]
    assert [row["label_name"] for row in found] == ["bad", "good"] * 15


def test_the_file_is_read_some_rows_at_a_time(classified, tmp_path, monkeypatch):
    from latent_rationale.common.experiment import commands

    given = [{key: row[key] for key in ("nr", "review")} for row in rows(30, seed=6)]
    write(tmp_path / "new.csv", given)
    arguments = ["--ckpt", str(classified), "--input", str(tmp_path / "new.csv"), "--save_path"]
    assert predict_text([*arguments, str(tmp_path / "whole")]) == 0
    monkeypatch.setattr(commands, "CHUNK", 7)
    assert predict_text([*arguments, str(tmp_path / "parts")]) == 0
    whole, parts = (predictions_in(tmp_path / name) for name in ("whole", "parts"))
    assert [row["id"] for row in parts] == [row["id"] for row in whole]
    torch.testing.assert_close([row["scores"] for row in parts], [row["scores"] for row in whole])


def test_texts_from_the_command_line_and_from_python_are_raw(classified, capsys):
    text = 'The "food" — didn\'t disappoint!'
    assert predict_text(["--ckpt", str(classified), f"--text={text}"]) == 0
    assert "good" in capsys.readouterr().out
    (prediction,) = latent_rationale.load(classified).predict(text)
    assert prediction.text == text
    assert prediction.label_name == "good"


def test_numbers_are_scaled_inside_only(table, tmp_path):
    assert train(table, tmp_path / "run", "--regression", "--num_iterations", "-30", label=("stars",)) == 0
    results = results_of(tmp_path / "run")
    assert results["test_mae"] < 0.8
    assert all(0 < row["scores"][0] < 7 for row in predictions_in(tmp_path / "run"))


@pytest.mark.parametrize("form", ["columns", "list"])
def test_several_classes_per_text(tmp_path, form):
    given = [row | {"topics": json.dumps([t for t in ("food", "staff") if row[t]])} for row in rows(160)]
    write(tmp_path / "reviews.csv", given)
    label = ("food", "staff") if form == "columns" else ("topics",)
    assert train(tmp_path / "reviews.csv", tmp_path / "run", "--num_iterations", "-20", label=label) == 0
    assert results_of(tmp_path / "run")["test_f1"] > 0.9
    assert {row["label_name"] for row in predictions_in(tmp_path / "run")} <= {"food", "staff", "food, staff", "none"}


def test_duplicates_are_reported_and_kept_together(tmp_path, capsys):
    given = list(rows(60))
    write(tmp_path / "reviews.csv", [*given, *given])
    assert train(tmp_path / "reviews.csv", tmp_path / "run", "--num_iterations", "1") == 0
    out = capsys.readouterr().out
    assert "duplicate texts" in out
    assert "also in train" not in out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--text-column", "texts"], "there is no column 'texts'; the columns are nr, review, verdict"),
        (["--label-column", "nr"], "column 'nr' has 120 classes in 120 rows"),
        (
            ["--class-weights", "fine=2"],
            "--class-weights fine=2: expected balanced or NAME=WEIGHT for one of bad, good",
        ),
        (["--regression"], "column 'verdict': expected a finite number, got 'bad'"),
        (["--regression", "--class-weights", "balanced"], "--class-weights: belongs to classes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_columns_are_one_sentence(table, tmp_path, capsys, more, message):
    assert train(table, tmp_path / "run", *more) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_label_that_training_never_saw_is_named_with_its_line(table, tmp_path, capsys):
    write(tmp_path / "dev.csv", [*list(rows(4)), next(rows(1)) | {"verdict": "mixed"}])
    assert train(table, tmp_path / "run", "--dev_path", str(tmp_path / "dev.csv")) == 2
    assert "dev.csv:6: the label 'mixed' does not occur in the training data" in capsys.readouterr().err


def test_training_needs_a_table(tmp_path, capsys):
    assert train_text(["--save_path", str(tmp_path / "run")]) == 2
    assert "--train-path: name the tables to train on" in capsys.readouterr().err


def test_neighbouring_words_are_one_span():
    prediction = TablePrediction(
        scores=(1.0,), label=0, label_name="good", tokens=("a", "b", "c", "d"), z=(1.0, 0.5, 0.0, 1.0),
        id=1, text="a  b c\nd", offsets=((0, 1), (3, 4), (5, 6), (7, 8)), others={},
    )  # fmt: skip
    assert prediction.rationale == [(0, 4), (7, 8)]
    assert prediction.marked() == "**a**  __b__ c\\n**d**"
    assert (
        prediction.to_html()
        == '<mark style="--z:1">a</mark>  <mark style="--z:0.5">b</mark> c\n<mark style="--z:1">d</mark>'
    )


@pytest.mark.parametrize(
    "targets", [Classes(("a", "b"), (1.0, 2.0)), Labels(("x", "y")), Number(("stars",), (), 2.5, 1.5)]
)
def test_targets_are_read_as_they_were_written(targets, tmp_path):
    assert from_json(json.loads(json.dumps(targets.to_json())), tmp_path) == targets
    with pytest.raises(InputError, match="does not hold the targets"):
        from_json({"kind": "other"}, tmp_path)


def test_measures_by_hand():
    scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
    classes = Classes(("a", "b", "c"))
    measured = classes.measure(scores, classes.tensor(["a", "a", "b"]))
    assert measured["acc"].value() == pytest.approx(2 / 3)
    assert measured["macro_f1"].value() == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)  # c neither occurs nor is predicted
    weighted = Classes(("a", "b", "c"), (1.0, 1.0, 4.0))
    loss, plain = (kind.criterion(scores, kind.tensor(["a", "b", "c"])) for kind in (weighted, classes))
    torch.testing.assert_close(loss, plain * torch.tensor([1.0, 1.0, 4.0]))
    number = Number(("stars",), (), 3.0, 2.0)
    errors = number.measure(torch.tensor([[0.5], [-1.0]]), number.tensor([4.0, 3.0]))
    assert errors["mse"].value() == pytest.approx((0.0 + 4.0) / 2)
    assert errors["mae"].value() == pytest.approx(1.0)
