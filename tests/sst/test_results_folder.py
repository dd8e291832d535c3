"""What a training may do to its folder: begin, resume, refuse; and what is noticed in a damaged folder."""

import json
import os
import random
import shutil

import pytest

import latent_rationale
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.writing import locked
from latent_rationale.sst.train import main as train_sst

SMALL = ["--model", "latent", "--hidden_size", "4", "--batch_size", "20"]


@pytest.fixture(scope="module")
def finished(small_sst, tmp_path_factory):
    """A run with a best model, which was evaluated before the last step."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    more = ["--num_iterations", "16", "--eval_every", "5", "--threads", "1", "--save_path", str(folder)]
    assert train_sst([*SMALL, *small_sst.arguments, *more]) == 0
    return folder


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of that run, which a test may change."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture
def moved(small_sst, tmp_path):
    """A copy of its data, which a test may change."""
    return shutil.copytree(small_sst.folder, tmp_path / "moved")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(capsys, folder, *arguments):
    """The message of a training that is refused and must change nothing."""
    before = contents(folder)
    capsys.readouterr()
    assert train_sst([*arguments, "--save_path", str(folder)]) == 2
    assert contents(folder) == before
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["best.safetensors", "last.pt", "results.json", "predictions.jsonl", "rationales.txt", "vocabulary.txt"]
)
def test_a_folder_with_a_file_that_would_be_replaced_is_refused(capsys, small_sst, tmp_path, name):
    (tmp_path / name).write_text("of the user")
    said = refused(capsys, tmp_path, *SMALL, *small_sst.arguments)
    assert f"would replace {tmp_path / name}; choose another folder with --save-path, or set --overwrite" in said


def test_a_folder_of_other_files_may_be_written_to(small_sst, tmp_path):
    (tmp_path / "notes.txt").write_text("of the user")
    assert train_sst([*SMALL, *small_sst.arguments, "--num_iterations", "1", "--save_path", str(tmp_path)]) == 0
    assert (tmp_path / "notes.txt").read_text() == "of the user"


def test_what_is_removed_is_named(capsys, small_sst, copied):
    (copied / "notes.txt").write_text("of the user")
    (copied / "soc").mkdir()
    capsys.readouterr()
    assert (
        train_sst([*SMALL, *small_sst.arguments, "--num_iterations", "1", "--save_path", str(copied), "--overwrite"])
        == 0
    )
    out = capsys.readouterr().out
    assert f"note: {copied / 'soc'} may hold results of the earlier model" in out
    (line,) = [line for line in out.splitlines() if line.startswith("--overwrite: removing ")]
    assert all(name in line for name in ("config.json", "best.safetensors", "metrics.jsonl", "predictions.jsonl"))
    assert (copied / "notes.txt").read_text() == "of the user"


def test_a_run_that_was_interrupted_as_it_began_begins_anew(small_sst, finished, tmp_path, monkeypatch):
    from latent_rationale.common.training import checkpoint

    folder = tmp_path / "run"
    more = ["--num_iterations", "16", "--eval_every", "5", "--threads", "1", "--save_path", str(folder)]
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_last", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert train_sst([*SMALL, *small_sst.arguments, *more]) == 2
    assert train_sst(["--resume", "--save_path", str(folder)]) == 0
    for name in ("best.safetensors", "results.json", "metrics.jsonl", "vocabulary.txt"):
        assert (folder / name).read_bytes() == (finished / name).read_bytes()


def test_a_run_without_its_state_is_not_begun_anew(capsys, copied):
    (copied / "last.pt").unlink()
    assert "cannot be resumed without last.pt" in refused(capsys, copied, "--resume")


def test_a_run_in_use_is_refused(capsys, small_sst, copied):
    with locked(copied):
        for arguments in (["--resume"], [*SMALL, *small_sst.arguments, "--overwrite"]):
            assert f"is in use by process {os.getpid()} on " in refused(capsys, copied, *arguments)


def test_another_run_that_began_in_the_meantime_stays(capsys, small_sst, finished, tmp_path, monkeypatch):
    """Both found the folder empty; the other one has ended when this one is about to begin."""
    from latent_rationale.common.experiment import experiment

    folder = tmp_path / "run"
    writable = experiment.writable_folder
    monkeypatch.setattr(experiment, "writable_folder", lambda path: writable(shutil.copytree(finished, path)))
    assert train_sst([*SMALL, *small_sst.arguments, "--save_path", str(folder)]) == 2
    assert "is already a results folder" in capsys.readouterr().err
    assert contents(folder) == contents(finished)


def test_a_resumed_run_may_change_what_changes_no_step(capsys, copied, moved):
    more = ["--resume", "--save_path", str(copied), "--data_path", str(moved), "--num_iterations", "18"]
    more += ["--device", "cpu", "--threads", "2", "--eval_batch_size", "7", "--print_every", "1", "--save_every", "1"]
    assert train_sst(more) == 0
    options = json.loads((copied / "config.json").read_text())["options"]
    assert options["data_path"] == str(moved)
    assert (options["threads"], options["eval_batch_size"], options["print_every"]) == (2, 7, 1)


def test_a_resumed_run_keeps_its_threads(finished):
    assert json.loads((finished / "config.json").read_text())["options"]["threads"] == 1


@pytest.mark.parametrize("split", ["train", "dev", "test"])
@pytest.mark.parametrize("change", ["a word", "a label", "the order", "a sentence"])
def test_other_data_is_refused_with_its_split(capsys, copied, moved, split, change):
    lines = (moved / f"{split}.txt").read_text().splitlines(keepends=True)
    changed = {
        "a word": lambda: [lines[0].replace(lines[0].split()[-1].rstrip(")"), "film", 1), *lines[1:]],
        "a label": lambda: [f"({(int(lines[0][1]) + 1) % 5}{lines[0][2:]}", *lines[1:]],
        "the order": lambda: lines[::-1],
        "a sentence": lambda: lines[:-1],
    }[change]()
    (moved / f"{split}.txt").write_text("".join(changed))
    said = refused(capsys, copied, "--resume", "--data_path", str(moved), "--num_iterations", "18")
    assert f"the {split} data is not that with which the run in {copied} began" in said


@pytest.mark.parametrize("name", ["best.safetensors", "last.pt", "vocabulary.txt"])
def test_no_flipped_bit_is_loaded(finished, tmp_path, name):
    """A flipped bit is noticed, unless it changes nothing that is read."""
    kept = shutil.copytree(finished, tmp_path / "kept")
    if name == "last.pt":
        (kept / "best.safetensors").unlink()  # the last state is read where there is no best one
    expected = latent_rationale.load(kept).model.state_dict()
    good = (kept / name).read_bytes()
    generator = random.Random(name)
    noticed = 0
    for _ in range(60):
        place, bit = generator.randrange(len(good)), generator.randrange(8)
        (kept / name).write_bytes(good[:place] + bytes([good[place] ^ (1 << bit)]) + good[place + 1 :])
        try:
            found = latent_rationale.load(kept).model.state_dict()
        except InputError:
            noticed += 1
        else:
            assert all(found[key].equal(expected[key]) for key in expected)
    assert noticed > 40


def test_a_refused_resumption_keeps_the_results(capsys, copied):
    (copied / "metrics.jsonl").write_bytes(b"\xff\xfe")
    assert "metrics.jsonl:1: not UTF-8" in refused(capsys, copied, "--resume", "--num_iterations", "18")
    assert (copied / "results.json").is_file()
