"""Bad input, one by one: a clear sentence on stderr, exit code 2, nothing written."""

import gzip
import json

import pytest

import latent_rationale
from latent_rationale.beer.predict import main as predict_beer
from latent_rationale.beer.train import main as train_beer
from latent_rationale.sst.predict import main as predict_sst
from latent_rationale.sst.train import main as train_sst

SMALL = ["--hidden_size", "4", "--embed_size", "4", "--embeddings", "none", "--num_iterations", "1"]


@pytest.fixture(scope="module")
def checkpoint(small_beer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "run"
    arguments = [*SMALL, *small_beer.arguments, "--aspect", "0", "--save_path", str(folder)]
    assert train_beer(arguments) == 0
    return folder


@pytest.fixture(scope="module")
def sst_checkpoint(small_sst, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sst_checkpoint") / "run"
    arguments = ["--hidden_size", "4", "--num_iterations", "1", *small_sst.arguments, "--save_path", str(folder)]
    assert train_sst(arguments) == 0
    return folder


def fails(capsys, command, *arguments):
    """The sentence that a command with bad input prints."""
    capsys.readouterr()
    assert command(list(map(str, arguments))) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert message.count("\n") == 1, message
    assert "Traceback" not in message
    return message


@pytest.fixture
def training_fails(capsys, small_beer, tmp_path):
    def fail(*arguments):
        folder = tmp_path / "run"
        message = fails(capsys, train_beer, *SMALL, *small_beer.arguments, "--save_path", folder, *arguments)
        assert not folder.exists()
        return message

    return fail


@pytest.fixture
def bad_file(tmp_path):
    """A file of sixteen good lines and a bad one."""

    def write(name, good, bad):
        path = tmp_path / name
        content = f"{good.strip()}\n" * 16 + bad + "\n"
        path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a fine beer", "expected five scores, a tab and a text"),
        ("0.1 0.1 0.1 0.1 0.1\t", "expected five scores, a tab and a text"),
        ("0.1 0.1 0.1 0.1\ta fine beer", "expected five scores, got 4"),
        ("0.1 0.1 0.1 0.1 good\ta fine beer", "a score is not a number: good"),
        ("0.1 0.1 0.1 0.1 20\ta fine beer", "a score lies outside [0, 1]: 20"),
    ],
)
@pytest.mark.parametrize(("flag", "name"), [("--train_path", "bad.txt.gz"), ("--dev_path", "bad.txt")])
def test_malformed_reviews(training_fails, bad_file, flag, name, line, message):
    path = bad_file(name, "0.1 0.1 0.1 0.1 0.1\ta fine beer", line)
    assert training_fails(flag, path) == f"error: {path}:17: {message}\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON (Expecting property name enclosed in double quotes)"),
        ("0.1 0.1 0.1 0.1 0.1\ta fine beer", "not JSON (Extra data)"),
        ("[]", "an annotated review needs x, y, 0, 1, 2, 3, 4"),
    ],
)
def test_malformed_lines_of_json(training_fails, bad_file, small_beer, line, message):
    path = bad_file("bad.json", small_beer.test.read_text().splitlines()[0], line)
    assert training_fails("--test_path", path) == f"error: {path}:17: {message}\n"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": "fine"}, "x: expected a list of words"),
        ({"y": [0.5]}, "expected five scores, got 1"),
        ({"y": [9, 0, 0, 0, 0]}, "a score lies outside [0, 1]: 9"),
        ({"x": ["pale", "ale\r"]}, "x: word 1, counted from 0, is empty or has white space: 'ale\\r'"),
        ({"x": ["\ud83d"]}, "half of a surrogate pair (\\ud83d)"),
        ({"3": [[1]]}, "3: expected a list of [start, end)"),
        ({"3": [[0, 9999]]}, "3: [0, 9999) does not lie within "),
    ],
    ids=str,
)
def test_annotations_that_cannot_be(training_fails, bad_file, small_beer, changed, message):
    good = small_beer.test.read_text().splitlines()[0]
    path = bad_file("bad.json", good, json.dumps(json.loads(good) | changed))
    assert f"{path}:17: {message}" in training_fails("--test_path", path)


def test_the_second_of_two_training_files_is_named(training_fails, bad_file, small_beer):
    path = bad_file("second.txt", "0 0 0 0 0\ta beer", "0 0 0 0\ta beer")
    assert f"{path}:17: " in training_fails("--train_path", small_beer.train, path)


@pytest.mark.parametrize("flag", ["--train_path", "--dev_path", "--test_path", "--embeddings"])
def test_missing_files(training_fails, tmp_path, flag):
    path = tmp_path / "nowhere.txt"
    assert training_fails(flag, path) == f"error: {path}: no such file\n"


@pytest.mark.parametrize("flag", ["--train_path", "--dev_path", "--test_path"])
def test_empty_files(training_fails, tmp_path, flag):
    path = tmp_path / "empty.txt"
    path.write_text("\n")
    assert training_fails(flag, path) == f"error: {path}: holds no reviews\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--aspect", "7"], "7"),
        (["--aspect", "5"], "5"),
        (["--aspect", "-2"], "-2"),
        (["--aspect", "look"], "look"),
        (["--selection", "0"], "--selection: expected a number in (0, 1], got 0.0"),
        (["--selection", "1.5"], "--selection"),
        (["--max_len", "0"], "--max-len: expected a number in [1, 1e6], got 0"),
        (["--scheduler", "cosine"], "cosine"),
        (["--milestones", "0"], "--milestones"),
        (["--lr_decay", "1"], "--lr-decay"),
        (["--min_lr", "-1"], "--min-lr"),
        (["--patience", "-1"], "--patience"),
        (["--coherence", "-1"], "--coherence"),
        (["--model", "hardkuma"], "hardkuma"),
        (["--train_path"], "--train-path"),
        (["--classes", "2"], "--classes"),
        (["--data_path", "data"], "unrecognized arguments: --data_path data"),
    ],
    ids=" ".join,
)
def test_options_that_cannot_be(training_fails, arguments, message):
    assert message in training_fails(*arguments)


def test_the_aspects_to_choose_from_are_named(training_fails):
    said = training_fails("--aspect", "7")
    assert "--aspect" in said
    assert "-1, 0, 1, 2, 3, 4" in said


def test_no_data_at_all(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LATENT_RATIONALE_DATA", raising=False)
    assert "no data for beer: looked for data/beer" in fails(capsys, train_beer, "--save_path", "run")
    (tmp_path / "data/beer").mkdir(parents=True)
    assert "no word vectors for beer" in fails(capsys, train_beer, "--save_path", "run")
    said = fails(capsys, train_beer, "--save_path", "run", "--aspect", "1", "--embeddings", "none")
    assert "data/beer/reviews.aspect1.train.txt.gz: no such file" in said
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_of_another_task(capsys, checkpoint, sst_checkpoint):
    other = f"error: {sst_checkpoint}: holds a model for sst, not for beer\n"
    assert fails(capsys, predict_beer, "--ckpt", sst_checkpoint, "--text", "A beer") == other
    assert fails(capsys, predict_beer, "--ckpt", sst_checkpoint) == other
    assert fails(capsys, train_beer, "--save_path", sst_checkpoint, "--resume") == other
    said = fails(capsys, predict_sst, "--ckpt", checkpoint, "--text", "A film")
    assert said == f"error: {checkpoint}: holds a model for beer, not for sst\n"
    assert latent_rationale.load(checkpoint).predict(["A beer"])


def test_predicting_bad_files(capsys, checkpoint, bad_file, tmp_path):
    arguments = ["--ckpt", checkpoint, "--save_path", tmp_path]
    path = bad_file("bad.json", "", "{")
    assert f"{path}:17: not JSON" in fails(capsys, predict_beer, *arguments, "--test_path", path)
    said = fails(capsys, predict_beer, *arguments, "--dev_path", tmp_path / "none.txt")
    assert said == f"error: {tmp_path / 'none.txt'}: no such file\n"
    assert not (tmp_path / "predictions.jsonl").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--aspect", "1"], "--aspect was 0"),
        (["--scheduler", "exponential"], "--scheduler was plateau"),
        (["--max_len", "9"], "--max-len was 256"),
        (["--train_path", "other.txt"], "other.txt: no such file"),
    ],
    ids=" ".join,
)
def test_resuming_with_another_option_names_it(capsys, checkpoint, changed, message):
    assert message in fails(capsys, train_beer, "--save_path", checkpoint, "--resume", *changed)


def test_an_existing_results_folder_is_left_alone(capsys, checkpoint, small_beer):
    before = {path.name: path.read_bytes() for path in checkpoint.iterdir()}
    said = fails(capsys, train_beer, "--save_path", checkpoint, *small_beer.arguments)
    assert "--resume" in said
    assert "--overwrite" in said
    assert {path.name: path.read_bytes() for path in checkpoint.iterdir()} == before
