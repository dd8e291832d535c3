"""The command predict: where it writes, which splits it takes, and that neither depends on the console."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from latent_rationale.common.utils.writing import locked
from latent_rationale.predict import main as predict
from latent_rationale.sst.train import main as train_sst


@pytest.fixture(scope="module")
def trained(small_sst, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    small = ["--model", "latent", "--hidden_size", "4", "--num_iterations", "2", "--selection", "0.3"]
    assert train_sst([*small, "--save_path", str(folder), *small_sst.arguments]) == 0
    return folder


@pytest.fixture
def run(trained, tmp_path):
    """A results folder of its own for a test."""
    return shutil.copytree(trained, tmp_path / "run")


def contents(folder, *left_out):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in left_out
    }


def sources(path):
    return [json.loads(line)["source"] for line in path.read_text().splitlines()]


def test_what_the_training_run_wrote_stays(run, tmp_path):
    before = contents(run)
    (tmp_path / "reviews.txt").write_text("A good film.\nA bad film.\n")
    for arguments in ([], ["--text", "A film."], ["--input", str(tmp_path / "reviews.txt"), "--plot"]):
        assert predict(["--ckpt", str(run), "--show", "1", *arguments]) == 0
    assert contents(run, "predict") == before
    assert sources(run / "predict/predictions.jsonl") == ["dev"] * 40 + ["test"] * 40
    assert sources(run / "predict/reviews/predictions.jsonl") == ["reviews.txt"] * 2
    written = contents(run / "predict")
    names = {"predictions.jsonl", "rationales.txt", "rationales.html"}
    assert written.keys() == names | {f"reviews/{name}" for name in (*names, "plots/reviews_1.png")}


@pytest.mark.parametrize("name", ["dev", "test.txt.gz", "plots.txt", "texts"])
def test_a_file_may_have_any_name(run, tmp_path, name):
    text = b"A film.\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert predict(["--ckpt", str(run), "--input", str(tmp_path / name)]) == 0
    assert sources(run / "predict" / name.split(".")[0] / "predictions.jsonl") == [name]
    assert predict(["--ckpt", str(run), "--plot"]) == 0


def test_a_text_is_shown_and_written_only_if_asked(run, tmp_path, capsys):
    before = contents(run)
    assert predict(["--ckpt", str(run), "--text", "A film."]) == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 2
    assert contents(run) == before
    assert predict(["--ckpt", str(run), "--text", "A film.", "--save_path", str(tmp_path / "out")]) == 0
    assert shown in capsys.readouterr().out
    assert sources(tmp_path / "out/predictions.jsonl") == ["text"]
    assert predict(["--ckpt", str(run), "--text", "A film.", "--plot"]) == 2
    assert "name a folder with --save-path" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--text", "A film."], ["--split", "dev", "--plot"]])
def test_the_training_runs_own_predictions_are_refused_as_any_others(run, capsys, arguments):
    before = contents(run)
    assert predict(["--ckpt", str(run), "--save_path", str(run), *arguments]) == 2
    said = capsys.readouterr().err
    assert said == (
        f"error: would replace {run}/predictions.jsonl, {run}/rationales.txt, {run}/rationales.html; "
        "choose another folder with --save-path, or set --overwrite\n"
    )
    assert contents(run) == before


def test_predictions_are_replaced_when_asked(run, capsys):
    assert predict(["--ckpt", str(run), "--plot", "--show", "3"]) == 0
    before = contents(run)
    capsys.readouterr()
    assert predict(["--ckpt", str(run), "--split", "dev"]) == 2
    assert "rationales.html and 6 more; choose another" in capsys.readouterr().err
    assert contents(run) == before
    assert predict(["--ckpt", str(run), "--split", "dev", "--plot", "--show", "2", "--overwrite"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("--overwrite: replacing ")]
    assert line.count(str(run / "predict")) == 9  # three files and six pictures
    assert sources(run / "predict/predictions.jsonl") == ["dev"] * 40
    assert {path.name for path in (run / "predict/plots").iterdir()} == {"dev_1.png", "dev_2.png"}
    assert contents(run, "predict") == {name: text for name, text in before.items() if not name.startswith("predict/")}


def test_a_folder_in_use_is_refused(run, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"):
        assert predict(["--ckpt", str(run), "--save_path", str(tmp_path / "out")]) == 2
    assert "is in use by process" in capsys.readouterr().err
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize("arguments", [["--input", "none.txt"], ["--split", "test", "--data_path", "none"]])
def test_a_refused_command_leaves_nothing(run, capsys, arguments):
    before = sorted(run.rglob("*"))
    assert predict(["--ckpt", str(run), *arguments]) == 2
    assert sorted(run.rglob("*")) == before


@pytest.fixture
def without_test(small_sst, tmp_path):
    """A folder of the data without a test set."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(small_sst.folder / "dev.txt", folder)
    return folder


def test_a_split_that_is_absent_is_left_out_with_a_note(run, without_test, capsys):
    assert predict(["--ckpt", str(run), "--data_path", str(without_test)]) == 0
    assert f"note: test is left out: {without_test}/test.txt: no such file\n" in capsys.readouterr().out
    assert sources(run / "predict/predictions.jsonl") == ["dev"] * 40


@pytest.mark.parametrize("splits", [["test"], ["dev", "test"]])
def test_a_split_that_is_absent_is_an_error_if_it_is_named(run, without_test, capsys, splits):
    assert predict(["--ckpt", str(run), "--data_path", str(without_test), "--split", *splits]) == 2
    assert capsys.readouterr().err == f"error: {without_test}/test.txt: no such file\n"
    assert not (run / "predict").exists()


def test_data_without_any_split_is_an_error(run, without_test, capsys):
    (without_test / "dev.txt").unlink()
    assert predict(["--ckpt", str(run), "--data_path", str(without_test)]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"error: {without_test}/dev.txt: no such file\n")


def test_a_damaged_split_is_not_an_absent_one(run, without_test, capsys):
    (without_test / "test.txt").write_text("(3 (2 nearly\n")
    assert predict(["--ckpt", str(run), "--data_path", str(without_test)]) == 2
    assert f"{without_test}/test.txt:1: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("redirection", "environment"),
    [
        ("| head -1", {}),
        (">/dev/full", {}),
        (">&-", {}),
        ("2>&-", {}),
        (">&- 2>&-", {}),
        ("", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ("", {"PYTHONIOENCODING": "ascii"}),
        ("", {"PYTHONIOENCODING": "cp1252"}),
    ],
)
def test_predictions_do_not_depend_on_the_console(run, tmp_path, redirection, environment):
    (tmp_path / "texts.txt").write_text("Une soir\u00e9e \u65e5\u672c \U0001f600\n" * 3000, encoding="utf-8")
    command = f"{sys.executable} -m latent_rationale.predict --ckpt {run} --input texts.txt --show 3000"
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    line = ["bash", "-c", f"set -o pipefail; {command} {redirection}"]
    done = subprocess.run(line, cwd=tmp_path, env=variables, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert sources(run / "predict/texts/predictions.jsonl") == ["texts.txt"] * 3000
    assert (run / "predict/texts/rationales.txt").read_text(encoding="utf-8").count("\u65e5\u672c") == 3000
    assert (run / "predict/texts/rationales.html").exists()


def test_a_text_of_the_command_line_is_read_in_the_locale_c(run, tmp_path):
    variables = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "latent_rationale.sst.predict", "--ckpt", run, "--text", "soir\u00e9e"]
    subprocess.run([*command, "--save_path", tmp_path / "out"], env=variables, check=True, capture_output=True)
    (line,) = (tmp_path / "out/predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["tokens"] == ["soir\u00e9e"]
