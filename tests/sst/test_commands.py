"""The commands as a user runs them."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch

import latent_rationale
from latent_rationale.common.utils.errors import InputError
from latent_rationale.sst.predict import main as predict_sst
from latent_rationale.sst.train import main as train_sst

SMALL = ["--hidden_size", "8", "--batch_size", "20", "--print_every", "3"]


def results_of(folder):
    return json.loads((folder / "results.json").read_text())


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def trained(small_sst, tmp_path_factory):
    """A short run of the latent model, through the command line."""
    folder = tmp_path_factory.mktemp("trained") / "latent"
    command = [sys.executable, "-m", "latent_rationale.sst.train", "--model", "latent", "--selection", "0.3"]
    command += [*SMALL, "--num_iterations", "-4", "--save_path", str(folder), *small_sst.arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_training_shows_progress_and_tells_where_results_are(trained):
    folder, done = trained
    assert "step 20  dev acc" in done.stdout
    assert "(best)" in done.stdout
    assert f"results are in {folder}" in done.stdout
    assert done.stderr == ""  # no bar where nobody would see it move


def test_a_results_folder_holds_what_it_should(trained):
    folder, _ = trained
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "metrics.jsonl", "best.safetensors", "last.pt", "vocabulary.txt", "results.json"} <= names
    assert any(name.startswith("events.out.tfevents") for name in names)
    config = json.loads((folder / "config.json").read_text())
    assert config["task"] == "sst"
    assert config["seed"] == 1
    assert config["options"]["selection"] == 0.3
    assert config["versions"]["latent_rationale"] == latent_rationale.__version__
    results = results_of(folder)
    assert results["best_iter"] in (15, 20)
    for split in ("dev", "test"):
        assert {f"{split}_{name}" for name in ("acc", "loss", "p0", "pc", "p1", "selected")} <= results.keys()
        assert f"{split}_selected_words_4" in results
    points = lines_of(folder / "metrics.jsonl")
    assert [point["iteration"] for point in points if point["split"] == "dev"] == [5, 10, 15, 20]
    assert {"loss", "selected", "lr", "gradient_norm", "lambda_selection"} <= points[0].keys()


def test_tensorboard_gets_scalars_a_histogram_and_rationales(trained):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(trained[0]))
    events.Reload()
    tags = events.Tags()
    assert {"train/loss", "dev/acc", "dev/selected"} <= set(tags["scalars"])
    assert "train/z" in tags["histograms"]
    assert any("rationales" in tag for tag in tags["tensors"])


def test_predicting_dev_and_test_gives_the_numbers_of_the_training_run(trained, tmp_path, capsys):
    folder, _ = trained
    assert predict_sst(["--ckpt", str(folder), "--save_path", str(tmp_path), "--show", "2"]) == 0
    out = capsys.readouterr().out
    results = results_of(folder)
    for split in ("dev", "test"):
        shares = [f"{name} {results[f'{split}_{name}']:.4f}" for name in ("acc", "loss", "selected")]
        assert f"{split}" in out
        assert "  ".join(shares) in out
    rows = lines_of(tmp_path / "predictions.jsonl")
    assert [row["source"] for row in rows] == ["dev"] * 40 + ["test"] * 40
    right = sum(row["label"] == row["gold"] for row in rows if row["source"] == "test")
    assert right / 40 == pytest.approx(results["test_acc"])
    words = [z for row in rows if row["source"] == "test" for z in row["z"]]
    assert sum(z > 0 for z in words) / len(words) == pytest.approx(results["test_selected"])
    assert all(len(row["z"]) == len(row["tokens"]) for row in rows)
    assert out.count(", gold ") == 4


def test_predicting_needs_the_folder_only(trained, tmp_path):
    """In an empty folder, without data or vectors."""
    environment = {k: v for k, v in os.environ.items() if k != "LATENT_RATIONALE_DATA"}
    (tmp_path / "texts.txt").write_text("It's good, isn't it?\nDreadful.\n\n")
    command = [sys.executable, "-m", "latent_rationale.sst.predict", "--ckpt", str(trained[0]), "--plot"]
    command += ["--input", "texts.txt", "--save_path", "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    rows = lines_of(tmp_path / "out/predictions.jsonl")
    assert [row["tokens"] for row in rows] == [["It", "'s", "good", ",", "is", "n't", "it", "?"], ["Dreadful", "."]]
    assert {path.name for path in (tmp_path / "out/plots").iterdir()} == {"texts_1.png", "texts_2.png"}


def test_tokenized_texts_are_taken_as_they_are(trained, tmp_path):
    arguments = ["--ckpt", str(trained[0]), "--save_path", str(tmp_path), "--tokenized", "--text", "It's a.b"]
    assert predict_sst(arguments) == 0
    assert lines_of(tmp_path / "predictions.jsonl")[0]["tokens"] == ["It's", "a.b"]


def test_from_python(trained, tmp_path):
    model = latent_rationale.load(trained[0])
    raw, tokens = model.predict(["It's a superb film.", ["It", "'s", "a", "superb", "film", "."]])
    assert (raw.tokens, raw.label, raw.label_name) == (tokens.tokens, tokens.label, tokens.label_name)
    assert raw.z == pytest.approx(tokens.z, abs=1e-5)
    assert raw.scores == pytest.approx(tokens.scores, abs=1e-5)
    assert raw.tokens == ("It", "'s", "a", "superb", "film", ".")
    assert len(raw.z) == 6
    assert sum(raw.scores) == pytest.approx(1, abs=1e-5)
    assert raw.label == raw.scores.index(max(raw.scores))
    assert raw.label_name in ("very negative", "negative", "neutral", "positive", "very positive")
    assert predict_sst(["--ckpt", str(trained[0]), "--save_path", str(tmp_path), "--text", "It's a superb film."]) == 0
    row = lines_of(tmp_path / "predictions.jsonl")[0]
    assert tuple(row["z"]) == pytest.approx(raw.z, abs=1e-5)
    assert tuple(row["scores"]) == pytest.approx(raw.scores, abs=1e-5)
    assert model.predict([]) == []


def test_an_option_for_another_table_is_noted(small_sst, tmp_path, capsys):
    assert run(small_sst, tmp_path / "run", "--no_subtrees", "--num_iterations", "1") == 0
    assert (
        "note: --no-subtrees has no effect on the treebank, which is read as whole sentences" in capsys.readouterr().out
    )


def run(small_sst, folder, *arguments):
    return train_sst([*SMALL, "--save_path", str(folder), *small_sst.arguments, *arguments])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--model", "baseline"],
        ["--model", "rl", "--sparsity", "0.01", "--coherence", "0.01"],
        ["--model", "rl", "--control-variate", "mean"],
        ["--model", "rl", "--control-variate", "rloo", "--dependent-z"],
        ["--model", "latent", "--selection", "0.5", "--lasso", "0.1"],
        ["--model", "latent", "--dist", "hardconcrete", "--dependent_z", "--z_rnn_size", "4"],
        ["--model", "latent", "--layer", "rcnn", "--dependent-z"],
        ["--model", "latent", "--layer", "cnn"],
        ["--model", "latent", "--layer", "bow"],
        ["--model", "rl", "--layer", "rcnn"],
        ["--model", "rl", "--layer", "cnn", "--dependent-z"],
        ["--model", "rl", "--layer", "bow"],
        ["--model", "baseline", "--layer", "rcnn"],
        ["--model", "baseline", "--layer", "cnn"],
        ["--model", "baseline", "--layer", "bow"],
        ["--model", "latent", "--skip-unselected"],
        ["--model", "baseline", "--train_embed", "--lowercase-vectors"],
        ["--model", "latent", "--word_vectors", "none", "--embed_size", "7"],
        ["--model", "latent", "--classes", "2"],
    ],
    ids=" ".join,
)
def test_every_kind_of_model_trains_and_loads(small_sst, tmp_path, arguments):
    assert run(small_sst, tmp_path / "run", "--num_iterations", "-3", *arguments) == 0
    results = results_of(tmp_path / "run")
    assert results["best_iter"] > 0
    assert 0 <= results["test_acc"] <= 1
    (prediction,) = latent_rationale.load(tmp_path / "run").predict(["A good film"])
    assert (prediction.z is None) == ("baseline" in arguments)
    assert len(prediction.scores) == (2 if "2" in arguments else 5)


def test_a_short_run_reports_its_last_model_which_is_not_the_best(small_sst, tmp_path):
    assert run(small_sst, tmp_path / "run", "--num_iterations", "2") == 0
    assert not (tmp_path / "run/best.safetensors").exists()
    assert results_of(tmp_path / "run")["best_iter"] == 0
    assert latent_rationale.load(tmp_path / "run").predict(["A good film"])


def test_two_seeds_differ_and_the_same_seed_does_not(small_sst, tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(small_sst, tmp_path / name, "--model", "latent", "--num_iterations", "3", "--seed", seed) == 0
    first, same, other = (results_of(tmp_path / name) for name in "abc")
    assert first == same
    assert first != other


def test_resuming_a_finished_run_with_more_iterations_equals_one_long_run(small_sst, tmp_path):
    latent = ("--model", "latent", "--selection", "0.4")
    assert run(small_sst, tmp_path / "long", *latent, "--num_iterations", "-5") == 0
    assert run(small_sst, tmp_path / "two", *latent, "--num_iterations", "17") == 0
    more = ["--resume", "--save_path", str(tmp_path / "two"), "--num_iterations", "-5"]
    assert train_sst(more) == 0
    assert results_of(tmp_path / "long") == results_of(tmp_path / "two")
    assert (tmp_path / "long/best.safetensors").read_bytes() == (tmp_path / "two/best.safetensors").read_bytes()
    assert predict_sst(["--ckpt", str(tmp_path / "two"), "--split", "dev", "--show", "0"]) == 0


def heed_interrupts():
    """A shell starts what it sends to the background deaf to Ctrl-C, and so would be what these tests start there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_is_resumed_to_the_same_bits(small_sst, tmp_path, how):
    arguments = [*SMALL, "--model", "latent", *small_sst.arguments, "--save_every", "1"]
    command = [sys.executable, "-m", "latent_rationale.sst.train", *arguments, "--save_path", str(tmp_path / "run")]
    command += ["--num_iterations", "1000000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, preexec_fn=heed_interrupts) as process:
        try:
            while not (tmp_path / "run/best.safetensors").exists() and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(how)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in errors
    assert not (tmp_path / "run/results.json").exists()
    assert latent_rationale.load(tmp_path / "run").predict(["A good film"])
    stopped_after = torch.load(tmp_path / "run/last.pt", weights_only=True)["progress"]["iteration"]
    length = ["--num_iterations", str(stopped_after + 10)]
    assert train_sst(["--save_path", str(tmp_path / "run"), "--resume", *length]) == 0
    assert train_sst([*arguments, "--save_path", str(tmp_path / "whole"), *length]) == 0
    assert results_of(tmp_path / "run") == results_of(tmp_path / "whole")
    runs = [lines_of(tmp_path / name / "metrics.jsonl") for name in ("run", "whole")]
    assert runs[0] == runs[1]


def test_overwriting_removes_what_a_run_wrote_and_nothing_else(small_sst, tmp_path):
    folder = tmp_path / "run"
    assert run(small_sst, folder, "--num_iterations", "-3") == 0
    (folder / "notes.txt").write_text("mine")
    assert run(small_sst, folder, "--num_iterations", "1", "--overwrite") == 0
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / "best.safetensors").exists()
    assert len(list(folder.glob("events*"))) == 1


def test_dev_can_be_predicted_without_the_training_set(trained, small_sst, tmp_path):
    (tmp_path / "dev.txt").write_text((small_sst.folder / "dev.txt").read_text())
    arguments = [
        "--ckpt",
        str(trained[0]),
        "--data_path",
        str(tmp_path),
        "--split",
        "dev",
        "--save_path",
        str(tmp_path),
    ]
    assert predict_sst(arguments) == 0
    assert len(lines_of(tmp_path / "predictions.jsonl")) == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--selection", "0.3"],
            "--selection: belongs to --model latent, rl or attention, not to baseline; choose one of them",
        ),
        (["--dist", "hardkuma"], "--dist: belongs to --model latent, not to baseline; choose --model latent"),
        (["--model", "latent", "--sparsity", "0.1"], "--sparsity: belongs to --model rl, not to latent; choose"),
        (["--z_rnn_size", "5"], "--z-rnn-size: belongs to --model latent or rl, not to baseline; choose one of them"),
        (["--model", "rl", "--samples", "5"], "--samples: belongs to --control-variate rloo, not to none; choose"),
    ],
    ids=str,
)
def test_options_of_another_model_are_refused(small_sst, tmp_path, capsys, options, message):
    assert run(small_sst, tmp_path / "run", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="belongs to --model"):
        latent_rationale.train("sst", sparsity=0.1, save_path=str(tmp_path / "run"))


def test_a_training_tells_at_its_start_what_is_trained_on_what(trained, small_sst):
    lines = trained[1].stdout.splitlines()
    assert lines[:2] == [
        f"reading {small_sst.folder}",
        f"data: 100 train, 40 dev, 40 test sentences ({small_sst.folder})",
    ]
    words, share = re.match(
        r"vectors: 12 dimensions; (\d+) of \d+ words of the training data have one, (\S+) % of its tokens", lines[2]
    ).groups()
    assert int(words) > 0
    assert 50 < float(share) < 100
    model = latent_rationale.load(trained[0]).model
    total = sum(parameter.numel() for parameter in model.parameters())
    trainable = total - model.embedding.weight.numel()
    device = f"cpu with {torch.get_num_threads()} thread" + "s" * (torch.get_num_threads() > 1)
    assert lines[3] == f"model: latent, lstm, {total:,} parameters, {trainable:,} of them trained, on {device}"


def test_two_files_of_vectors_are_told_apart_and_together(small_sst, tmp_path, capsys):
    other = tmp_path / "other.txt"
    other.write_text("the 1 2\n. 3 4\n")
    files = ["--word_vectors", str(small_sst.vectors), str(other)]
    assert run(small_sst, tmp_path / "run", *files, "--num_iterations", "3") == 0
    form = r"^vectors: (\d+) dimensions; (\d+) of \d+ words of the training data have one, .* of its tokens \((.*)\)$"
    dimensions = re.findall(form, capsys.readouterr().out, flags=re.MULTILINE)
    (one, first, _), (two, _, _), (both, joined, _) = dimensions
    assert (one, two, both) == ("12", "2", "14")
    assert int(joined) >= int(first)
    assert [name for *_, name in dimensions] == [*files[1:], f"{files[1]} and {files[2]}"]
    assert latent_rationale.load(tmp_path / "run").predict(["A good film"])
    assert json.loads((tmp_path / "run/config.json").read_text())["options"]["word_vectors"] == files[1:]
    again = ["--resume", "--save_path", str(tmp_path / "run"), "--num_iterations", "4"]
    assert train_sst(again) == 0
    assert train_sst([*again, "--word_vectors", str(other)]) == 2
    assert "--word-vectors was" in capsys.readouterr().err


def test_training_from_python_returns_the_model_with_its_results(trained, small_sst, tmp_path, capsys):
    options = {"hidden_size": 8, "batch_size": 20, "print_every": 3, "num_iterations": -4}
    paths = {"save_path": str(tmp_path / "run"), "data_path": small_sst.folder, "word_vectors": str(small_sst.vectors)}
    model = latent_rationale.train("sst", model="latent", selection=0.3, **options, **paths)
    assert capsys.readouterr() == ("", "")
    assert model.results == results_of(tmp_path / "run") == results_of(trained[0])
    assert latent_rationale.load(trained[0]).results == model.results
    assert model.predict(["A good film"])[0].scores
    with pytest.raises(InputError, match="unknown option --colour"):
        latent_rationale.train("sst", colour="red")
    with pytest.raises(InputError, match="--dependent-z: 'yes' has the wrong type"):
        latent_rationale.train("sst", model="latent", dependent_z="yes")
    with pytest.raises(InputError, match="unknown task sts: expected one of sst"):
        latent_rationale.train("sts")


def test_options_that_need_a_switch_are_noted(small_sst, tmp_path, capsys):
    assert run(small_sst, tmp_path / "run", "--model", "rl", "--z_rnn_size", "5", "--num_iterations", "1") == 0
    assert "note: --z-rnn-size has no effect without --dependent-z" in capsys.readouterr().out


FACTS = {"reported_iter", "missed_target_selected", "missed_target_transitions"}


def facts(folder):
    return {name: value for name, value in results_of(folder).items() if name in FACTS}


def test_missed_targets_are_told_and_recorded(small_sst, tmp_path, capsys):
    targets = ["--model", "latent", "--selection", "0.3", "--lasso", "0.05", "--dropout", "0", "--lr", "1e-6"]
    assert run(small_sst, tmp_path / "run", *targets, "--num_iterations", "-3") == 0
    out = capsys.readouterr().out
    results = results_of(tmp_path / "run")
    assert results["dev_selected"] > 0.32 or results["dev_selected"] < 0.15
    assert (
        f"missed target on dev: selected {results['dev_selected']:.3f} of the words, asked 0.300: train longer" in out
    )
    assert ("missed target on dev: " + f"{results['dev_transitions']:.3f} transitions per word" in out) == (
        results["dev_transitions"] > 0.07
    )
    assert facts(tmp_path / "run")["missed_target_selected"] == 0.3
    assert results["reported_iter"] == results["best_iter"] == 15


def test_reached_targets_are_not_mentioned(small_sst, tmp_path, capsys):
    targets = ["--model", "latent", "--selection", "0.99", "--lasso", "0.99"]
    assert run(small_sst, tmp_path / "run", *targets, "--num_iterations", "-3") == 0
    assert "missed" not in capsys.readouterr().out
    assert facts(tmp_path / "run") == {"reported_iter": 15}


def test_a_run_without_a_best_model_says_that_the_last_is_reported(small_sst, tmp_path, capsys):
    assert run(small_sst, tmp_path / "run", "--num_iterations", "7") == 0
    out = capsys.readouterr().out
    assert "note: no evaluation counted as best (they count from the end of epoch 3 on); results are of the last" in out
    assert "evaluating the last model" in out
    assert results_of(tmp_path / "run")["best_iter"] == 0
    assert facts(tmp_path / "run") == {"reported_iter": 7}


def test_predictions_and_evaluations_under_autocast(trained):
    """As in full precision, but for the few digits of bfloat16."""
    model = latent_rationale.load(trained[0])
    texts = ["A good film", "Not a good film at all"]
    expected = [prediction.scores for prediction in model.predict(texts)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = [prediction.scores for prediction in model.predict(texts)]
    assert found == [pytest.approx(scores, abs=0.03) for scores in expected]
