"""The commands as a user runs them."""

import json
import subprocess
import sys
from itertools import groupby
from statistics import mean

import pytest
import torch

import latent_rationale
from latent_rationale.beer.options import BeerOptions
from latent_rationale.beer.predict import main as predict_beer
from latent_rationale.beer.reader import read_annotations, read_reviews
from latent_rationale.beer.task import Beer
from latent_rationale.beer.train import main as train_beer
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.training import loop as training
from latent_rationale.common.utils.device import find_device
from latent_rationale.common.utils.errors import AbsentDataError

SMALL = ["--hidden_size", "8", "--batch_size", "20", "--max_len", "20", "--print_every", "1"]
SMALL += ["--embeddings", "none", "--embed_size", "6"]
AGREEMENT = {"precision", "macro_precision", "recall", "f1", "iou"}
SELECTION = {"p0", "pc", "p1", "selected", "runs", "transitions"}
EXPONENTIAL = ["--scheduler", "exponential", "--lr", "0.01", "--lr_decay", "0.5", "--min_lr", "0.002"]


def results_of(folder):
    return json.loads((folder / "results.json").read_text())


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def measures(results, split):
    return {name.removeprefix(f"{split}_") for name in results if name.startswith(f"{split}_")}


def run(small_beer, folder, *arguments):
    return train_beer([*SMALL, *small_beer.arguments, "--save_path", str(folder), *arguments])


@pytest.fixture(scope="module")
def trained(small_beer, tmp_path_factory):
    """A short run of the latent model on one aspect, through the command line."""
    folder = tmp_path_factory.mktemp("trained") / "latent"
    command = [sys.executable, "-m", "latent_rationale.beer.train", "--model", "latent", "--aspect", "0"]
    command += ["--selection", "0.3", "--lr", "0.02", *SMALL, *small_beer.arguments]
    command += ["--num_iterations", "-6", "--save_path", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def predicted(trained, tmp_path_factory):
    """What the predict command says and writes of it."""
    folder = tmp_path_factory.mktemp("predicted")
    command = [sys.executable, "-m", "latent_rationale.beer.predict", "--ckpt", str(trained[0]), "--show", "1"]
    done = subprocess.run([*command, "--save_path", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return lines_of(folder / "predictions.jsonl"), done


def of_split(predicted, split):
    return [row for row in predicted[0] if row["source"] == split]


def test_training_shows_progress_and_tells_where_results_are(trained):
    folder, done = trained
    assert "step 30  dev mse" in done.stdout
    assert "(best)" in done.stdout
    assert f"results are in {folder}" in done.stdout


def test_results_of_a_rationale_for_one_aspect(trained):
    results = results_of(trained[0])
    assert results["best_iter"] in (25, 30)
    terms = {"loss", "objective", "expected_selected", "lambda_selection"}
    assert measures(results, "dev") == {"mse"} | terms | SELECTION
    assert measures(results, "test") == {"mse"} | terms | SELECTION | AGREEMENT
    shares = [results[f"test_{name}"] for name in ("p0", "pc", "p1", "selected", *AGREEMENT)]
    assert all(0 <= share <= 1 for share in shares)
    for split in ("dev", "test"):
        assert results[f"{split}_p0"] + results[f"{split}_pc"] + results[f"{split}_p1"] == pytest.approx(1)
        assert results[f"{split}_p0"] + results[f"{split}_selected"] == pytest.approx(1)
        assert results[f"{split}_loss"] == pytest.approx(results[f"{split}_mse"])


def test_predicting_gives_the_numbers_of_the_training_run(trained, predicted):
    results, printed = results_of(trained[0]), trained[1].stdout
    for split, names in (("dev", ("mse", "selected")), ("test", ("mse", "selected", "precision", "recall", "f1"))):
        (line,) = (line for line in printed.splitlines() if line.startswith(f"{split} "))
        assert line in predicted[1].stdout.splitlines()
        assert all(f"{name} {results[f'{split}_{name}']:.4f}" in line for name in names)


def test_a_loaded_model_evaluates_to_the_last_digit(trained):
    predictor = Predictor.load(trained[0], Beer, find_device("auto"))
    found = {
        f"{split}_{name}": value
        for split in ("dev", "test")
        for name, value in predictor.evaluate(predictor.task.read_split(split))[0].items()
    }
    results = results_of(trained[0])
    assert found == {name: value for name, value in results.items() if name.startswith(("dev_", "test_"))}


def test_predictions_hold_scores_words_and_gold(small_beer, predicted):
    assert [row["source"] for row in predicted[0]] == ["dev"] * 40 + ["test"] * 40
    for review, row in zip(read_annotations(small_beer.test), of_split(predicted, "test"), strict=True):
        assert row["tokens"] == list(review.tokens)
        assert row["gold"] == [review.scores[0]]
        assert row["gold_spans"] == [list(span) for span in review.spans[0]]
        assert row["gold_name"] == f"look {review.scores[0]:.2f}"
        assert row["label"] is None
        assert len(row["z"]) == len(row["tokens"])
        assert all(0 <= z <= 1 for z in row["z"])
        (score,) = row["scores"]
        assert 0 < score < 1
        assert row["label_name"] == f"look {score:.2f}"
    assert all(row["gold_spans"] is None and len(row["gold"]) == 1 for row in of_split(predicted, "dev"))


def test_predicted_scores_are_shown_beside_the_gold_ones(predicted):
    row = of_split(predicted, "test")[0]
    assert f"{row['label_name']}, gold {row['gold_name']}\n" in predicted[1].stdout


def test_annotated_reviews_are_never_cut(small_beer, predicted):
    dev = list(read_reviews(small_beer.dev))
    assert [row["tokens"] for row in of_split(predicted, "dev")] == [list(review.tokens[:20]) for review in dev]
    assert any(len(review.tokens) > 20 for review in dev)
    assert any(len(row["tokens"]) > 20 for row in of_split(predicted, "test"))


def test_the_measures_follow_from_the_predictions(trained, predicted):
    """All of them once more, from the file, with sets of words."""
    rows, results = of_split(predicted, "test"), results_of(trained[0])
    words = [z for row in rows for z in row["z"]]
    expected = {
        "mse": mean((row["scores"][0] - row["gold"][0]) ** 2 for row in rows),
        "p0": words.count(0) / len(words),
        "p1": words.count(1) / len(words),
        "runs": mean(sum(chosen for chosen, _ in groupby(z > 0 for z in row["z"])) for row in rows),
    }
    chosen = [{i for i, z in enumerate(row["z"]) if z > 0} for row in rows]
    marked = [{i for start, end in row["gold_spans"] for i in range(start, end)} for row in rows]
    pairs = [(found, gold) for found, gold in zip(chosen, marked, strict=True) if gold]
    hits, found, gold, either = (
        sum(map(len, sets)) for sets in zip(*((f & g, f, g, f | g) for f, g in pairs), strict=True)
    )
    assert hits > 0
    expected |= {"precision": hits / found, "recall": hits / gold, "f1": 2 * hits / (found + gold)}
    expected |= {"iou": hits / either, "macro_precision": mean(len(f & g) / len(f) for f, g in pairs if f)}
    assert {name: results[f"test_{name}"] for name in expected} == pytest.approx(expected, rel=1e-4)


def test_a_results_folder_remembers_its_files(small_beer, trained):
    options = json.loads((trained[0] / "config.json").read_text())["options"]
    assert options["train_path"] == [str(small_beer.train)]
    assert options["dev_path"] == str(small_beer.dev)
    assert options["test_path"] == str(small_beer.test)
    assert options["embeddings"] == ["none"]


def test_predicting_other_files(small_beer, trained, tmp_path):
    lines = small_beer.test.read_text().splitlines(keepends=True)
    (tmp_path / "few.json").write_text("".join(lines[:3]))
    arguments = ["--ckpt", str(trained[0]), "--save_path", str(tmp_path), "--split", "test"]
    assert predict_beer([*arguments, "--test_path", str(tmp_path / "few.json")]) == 0
    assert [row["source"] for row in lines_of(tmp_path / "predictions.jsonl")] == ["test"] * 3


def test_predicting_a_text(trained, tmp_path):
    arguments = ["--ckpt", str(trained[0]), "--save_path", str(tmp_path), "--text", "Pours a hazy amber."]
    assert predict_beer(arguments) == 0
    (row,) = lines_of(tmp_path / "predictions.jsonl")
    assert row["tokens"] == ["Pours", "a", "hazy", "amber", "."]
    assert (row["gold"], row["gold_name"], row["gold_spans"]) == (None, None, None)
    (prediction,) = latent_rationale.load(trained[0]).predict(["Pours a hazy amber."])
    assert prediction.scores == pytest.approx(row["scores"], abs=1e-5)
    assert prediction.label is None


@pytest.mark.parametrize("aspect", ["-1", "0"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["--model", "baseline"],
        ["--model", "rl", "--sparsity", "0.01", "--coherence", "2"],
        ["--model", "rl", "--dependent-z", "--control-variate", "rloo"],
        ["--model", "latent", "--selection", "0.2", "--lasso", "0.05"],
        ["--model", "latent", "--dependent-z", "--z_rnn_size", "4"],
        ["--model", "attention", "--selection", "0.2"],
    ],
    ids=" ".join,
)
def test_every_kind_of_model_trains_and_loads(small_beer, tmp_path, arguments, aspect):
    folder = tmp_path / "run"
    assert run(small_beer, folder, "--num_iterations", "6", "--aspect", aspect, *arguments) == 0
    results = results_of(folder)
    selecting = "baseline" not in arguments
    for split in ("dev", "test"):
        found = measures(results, split)
        assert {"mse", "loss"} <= found
        assert found & SELECTION == (SELECTION if selecting else set())
        assert found & AGREEMENT == (AGREEMENT if selecting and aspect == "0" and split == "test" else set())
        assert 0 <= results[f"{split}_mse"] <= 1
    (prediction,) = latent_rationale.load(folder).predict(["A good beer"])
    assert len(prediction.scores) == (5 if aspect == "-1" else 1)
    assert (prediction.z is not None) == selecting


def test_all_aspects_are_predicted_and_named(small_beer, tmp_path):
    assert run(small_beer, tmp_path / "run", "--num_iterations", "1") == 0
    assert predict_beer(["--ckpt", str(tmp_path / "run"), "--split", "test", "--show", "0"]) == 0
    rows = lines_of(tmp_path / "run/predict/predictions.jsonl")
    for review, row in zip(read_annotations(small_beer.test), rows, strict=True):
        assert row["gold"] == list(review.scores)
        assert row["gold_spans"] is None
        names = ", ".join(f"{name} {{:.2f}}" for name in ("look", "smell", "palate", "taste", "overall"))
        assert row["label_name"] == names.format(*row["scores"])
        assert row["gold_name"] == names.format(*row["gold"])
    errors = [(score - gold) ** 2 for row in rows for score, gold in zip(row["scores"], row["gold"], strict=True)]
    assert mean(errors) == pytest.approx(results_of(tmp_path / "run")["test_mse"], rel=1e-4)


@pytest.mark.parametrize("aspect", range(5))
def test_an_aspect_has_its_own_scores_and_marks(small_beer, aspect):
    task = Beer(BeerOptions(aspect=aspect, test_path=small_beer.test))
    reviews = task.read_split("test")
    gold = [review.scores[aspect] for review in reviews]
    torch.testing.assert_close(task.targets_of(reviews), torch.tensor(gold).unsqueeze(1))
    assert [task.gold(review)["gold_spans"] for review in reviews] == [
        [list(span) for span in review.spans[aspect]] for review in reviews
    ]


def test_attention_gives_its_share_of_every_text(small_beer, tmp_path):
    folder = tmp_path / "run"
    arguments = ["--model", "attention", "--selection", "0.2", "--aspect", "1", "--num_iterations", "2"]
    assert run(small_beer, folder, *arguments) == 0
    assert predict_beer(["--ckpt", str(folder), "--show", "0"]) == 0
    for row in lines_of(folder / "predict/predictions.jsonl"):
        assert sum(row["z"]) == max(round(0.2 * len(row["z"])), 1)
        assert set(row["z"]) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("arguments", "rates"),
    [
        (EXPONENTIAL, [0.01] * 5 + [0.005] * 5),
        (["--scheduler", "multistep", "--milestones", "1", "3", "--lr", "0.01", "--lr_decay", "0.1"],
         [0.01] * 5 + [0.001] * 5),
        (["--scheduler", "plateau", "--patience", "0", "--threshold", "0.9", "--lr", "0.01", "--lr_decay", "0.1"],
         [0.01] * 4 + [0.001] * 2 + [0.0001] * 4),
    ],
    ids=["exponential", "multistep", "plateau"],
)  # fmt: skip
def test_the_rate_falls_after_epochs_or_with_plateau_after_evaluations(small_beer, tmp_path, arguments, rates):
    least = [] if arguments == EXPONENTIAL else ["--min_lr", "0.0001"]
    assert run(small_beer, tmp_path / "run", *arguments, *least, "--eval_every", "2", "--num_iterations", "10") == 0
    steps = [row for row in lines_of(tmp_path / "run/metrics.jsonl") if row["split"] == "train"]
    assert [row["lr"] for row in steps] == pytest.approx(rates)


def test_several_files_are_read_one_after_the_other(small_beer, tmp_path):
    (tmp_path / "more.txt").write_text(small_beer.dev.read_text())
    both = ["--train_path", str(small_beer.train), str(tmp_path / "more.txt")]
    assert run(small_beer, tmp_path / "run", *both, "--num_iterations", "-1") == 0
    dev = [row for row in lines_of(tmp_path / "run/metrics.jsonl") if row["split"] == "dev"]
    assert [row["iteration"] for row in dev] == [7]  # 140 reviews
    options = BeerOptions(train_path=(small_beer.train, tmp_path / "more.txt"), max_len=20)
    found = Beer(options).read_split("train")
    assert found == [*read_reviews(small_beer.train, 20), *read_reviews(small_beer.dev, 20)]
    assert train_beer(["--resume", "--save_path", str(tmp_path / "run"), "--num_iterations", "8"]) == 0


def test_vectors_from_a_file(small_beer, tmp_path):
    (tmp_path / "vectors.txt").write_text("a 1 2 3\nbeer 4 5 6\nunheard-of 7 8 9\n")
    named = ["--embeddings", str(tmp_path / "vectors.txt"), "--num_iterations", "1"]
    assert run(small_beer, tmp_path / "run", *named) == 0
    (tmp_path / "vectors.txt").unlink()
    predictor = Predictor.load(tmp_path / "run", Beer, torch.device("cpu"))
    (index,) = predictor.vocabulary.encode(["unheard-of"])
    assert predictor.model.embedding.weight[index].tolist() == [7, 8, 9]


def test_vectors_from_two_files_stand_side_by_side(small_beer, tmp_path):
    (tmp_path / "one.txt").write_text("a 1 2 3\nbeer 4 5 6\nunheard-of 7 8 9\n")
    (tmp_path / "two.txt").write_text("beer 0.5 0.25\nnever-seen -1 -2\n")
    files = ["--embeddings", str(tmp_path / "one.txt"), str(tmp_path / "two.txt")]
    assert run(small_beer, tmp_path / "run", *files, "--num_iterations", "1") == 0
    predictor = Predictor.load(tmp_path / "run", Beer, torch.device("cpu"))
    found = predictor.model.embedding.weight[predictor.vocabulary.encode(["beer", "unheard-of", "never-seen"])]
    assert found.tolist() == [[4, 5, 6, 0.5, 0.25], [7, 8, 9, 0, 0], [0, 0, 0, -1, -2]]
    assert json.loads((tmp_path / "run/config.json").read_text())["options"]["embeddings"] == files[1:]


def test_cased_words_start_with_the_vectors_of_lower_cased_ones(small_beer, tmp_path):
    (tmp_path / "train.txt").write_text("0.5 0.5 0.5 0.5 0.5\tA BEER\n", encoding="utf-8")
    (tmp_path / "vectors.txt").write_text("a 1 2 3\nbeer 4 5 6\n", encoding="utf-8")
    named = ["--embeddings", str(tmp_path / "vectors.txt"), "--train_path", str(tmp_path / "train.txt")]
    assert run(small_beer, tmp_path / "run", *named, "--num_iterations", "1", "--lowercase-vectors") == 0
    predictor = Predictor.load(tmp_path / "run", Beer, torch.device("cpu"))
    assert predictor.task.options.lowercase_vectors
    indices = predictor.vocabulary.encode(["A", "BEER"])
    assert predictor.model.embedding.weight[indices].tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("aspect", "stem"), [(-1, "260k"), (0, "aspect0"), (1, "aspect1"), (2, "aspect2"), (3, "260k"), (4, "260k")]
)
def test_files_are_found_by_the_aspect(tmp_path, monkeypatch, aspect, stem):
    beer = tmp_path / "beer"
    beer.mkdir()
    for name in ("review+wiki.filtered.200.txt.gz", "annotations.json"):
        (beer / name).touch()
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path))
    options = Beer.resolve(BeerOptions(aspect=aspect))
    assert options.train_path == (beer / f"reviews.{stem}.train.txt.gz",)
    assert options.dev_path == beer / f"reviews.{stem}.heldout.txt.gz"
    assert options.test_path == beer / "annotations.json"
    assert options.embeddings == (str(beer / "review+wiki.filtered.200.txt.gz"),)
    named = Beer.resolve(BeerOptions(aspect=aspect, dev_path=tmp_path / "my.txt", embeddings=("none",)))
    assert (named.train_path, named.dev_path, named.embeddings) == (options.train_path, tmp_path / "my.txt", ("none",))


def test_reviews_of_ones_own_get_no_other_split_from_elsewhere(small_beer, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "latent_rationale")
    (tmp_path / "beer").mkdir()
    for name in ("reviews.260k.heldout.txt.gz", "annotations.json"):
        (tmp_path / "beer" / name).touch()
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path))
    (tmp_path / "mine").mkdir()
    mine = tmp_path / "mine/train.txt"
    mine.write_text(small_beer.dev.read_text())
    options = Beer.resolve(BeerOptions(train_path=(mine,), embeddings=("none",)))
    assert options.dev_path == tmp_path / "mine/reviews.260k.heldout.txt.gz"
    with pytest.raises(AbsentDataError, match="name some with --test-path"):
        Beer(options).read_split("test")
    command = ["--train_path", str(mine), "--dev_path", str(mine), "--embeddings", "none", "--hidden_size", "4"]
    command += ["--num_iterations", "1", "--device", "cpu", "--save_path", str(tmp_path / "run")]
    assert train_beer(command) == 0
    assert "note: no test set: there are no annotated reviews" in caplog.text
    assert not [name for name in json.loads((tmp_path / "run/results.json").read_text()) if name.startswith("test")]


@pytest.mark.parametrize("aspect", [-1, 0, 1, 2, 3, 4])
def test_every_aspect_finds_real_files(data_root, monkeypatch, aspect):
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(data_root))
    options = Beer.resolve(BeerOptions(aspect=aspect))
    assert all(path.is_file() for path in (*options.train_path, options.dev_path, options.test_path))
    (vectors,) = options.embeddings
    assert "beer" in vectors


def interrupted_after(monkeypatch, steps):
    """Have the user press Ctrl-C in the middle of the step after so many."""
    done = iter(range(steps))
    step = training.train_step

    def or_stop(*arguments):
        if next(done, None) is None:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(training, "train_step", or_stop)


@pytest.mark.parametrize("steps", [0, 13, 15])
@pytest.mark.parametrize("model", ["latent", "attention"])
def test_a_stopped_run_is_resumed_to_the_same_bits(small_beer, tmp_path, monkeypatch, model, steps):
    """States are saved every 4 steps and at evaluations, every 5, after which the learning rate falls."""
    arguments = ["--model", model, "--aspect", "2", "--selection", "0.3", *EXPONENTIAL]
    arguments += ["--save_every", "4", "--num_iterations", "-6", "--seed", "3"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run(small_beer, whole, *arguments) == 0
    with monkeypatch.context() as patch:
        interrupted_after(patch, steps)
        assert run(small_beer, parts, *arguments) == 130
    assert not (parts / "results.json").exists()
    assert train_beer(["--resume", "--save_path", str(parts)]) == 0
    assert results_of(parts) == results_of(whole)
    assert results_of(whole)["best_iter"] > 0
    assert lines_of(parts / "metrics.jsonl") == lines_of(whole / "metrics.jsonl")
    assert (parts / "best.safetensors").read_bytes() == (whole / "best.safetensors").read_bytes()
    ends = [torch.load(folder / "last.pt", weights_only=True) for folder in (parts, whole)]
    assert ends[0]["schedule"] == ends[1]["schedule"]
    assert all(torch.equal(ends[0]["model"][name], weight) for name, weight in ends[1]["model"].items())


def test_two_seeds_differ_and_the_same_seed_does_not(small_beer, tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(small_beer, tmp_path / name, "--model", "latent", "--num_iterations", "3", "--seed", seed) == 0
    first, same, other = (results_of(tmp_path / name) for name in "abc")
    assert first == same
    assert first != other


def test_training_steps_and_evaluations_under_autocast(small_beer, tmp_path):
    """With RCNNs, whose compiled operators need the type of the weights."""
    options = ["--model", "latent", "--aspect", "0", "--selection", "0.3", "--lasso", "0.1", "--dependent-z"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert run(small_beer, tmp_path / "run", *options, "--num_iterations", "6") == 0
    assert 0 < results_of(tmp_path / "run")["test_mse"] < 1
