"""Bad input, one by one: a clear sentence on stderr, exit code 2, nothing lost."""

import gzip
import json
import re
import shutil

import pytest
import torch
from safetensors.torch import save_file

import latent_rationale
from latent_rationale.common.utils.errors import InputError
from latent_rationale.sst.predict import main as predict_sst
from latent_rationale.sst.task import SST
from latent_rationale.sst.train import main as train_sst


@pytest.fixture(scope="module")
def checkpoint(small_sst, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "run"
    short = ["--hidden_size", "4", "--num_iterations", "1", "--save_path", str(folder), *small_sst.arguments]
    assert train_sst(["--model", "latent", *short]) == 0
    return folder


@pytest.fixture
def data(small_sst, tmp_path):
    """A copy of the small data that a test may spoil."""
    shutil.copytree(small_sst.folder, tmp_path / "sst")
    return tmp_path / "sst"


def fails(capsys, command, *arguments):
    """The sentence that a command with bad input prints."""
    capsys.readouterr()
    assert command(list(map(str, arguments))) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert message.count("\n") == 1, message
    assert "Traceback" not in message
    return message


def training_fails(capsys, data, *arguments):
    run = data.parent / "run"
    message = fails(
        capsys,
        train_sst,
        "--data_path",
        data,
        "--word_vectors",
        data / "vectors.txt.gz",
        "--save_path",
        run,
        *arguments,
    )
    assert not run.exists()
    return message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("(3 (2 a) (2 film)", "unbalanced parentheses"),
        ("(7 (2 a) (2 film))", "expected a class from 0 to 4, got 7"),
        ("(good (2 a) (2 film))", "got good"),
        ("(3 )", "without words"),
        ("no tree", "not a tree"),
    ],
)
@pytest.mark.parametrize("split", ["train", "test"])
def test_malformed_trees(capsys, data, split, line, message):
    path = data / f"{split}.txt"
    path.write_text("(3 (2 a) (2 film))\n" * 16 + line + "\n")
    said = training_fails(capsys, data)
    assert f"{path}:17: " in said
    assert message in said


def test_missing_files_and_folders(capsys, data):
    (data / "dev.txt").unlink()
    assert f"{data / 'dev.txt'}: no such file" in training_fails(capsys, data)
    assert "nowhere" in training_fails(capsys, data, "--data_path", data / "nowhere")
    assert "no such file" in training_fails(capsys, data, "--word_vectors", data / "no.txt")


def test_an_empty_data_file(capsys, data):
    (data / "train.txt").write_text("")
    assert f"{data / 'train.txt'}: holds no sentences" in training_fails(capsys, data)


def test_two_classes_of_neutral_sentences_only(capsys, data):
    (data / "dev.txt").write_text("(2 (2 a) (2 film))\n")
    assert f"{data / 'dev.txt'}" in training_fails(capsys, data, "--classes", "2")


@pytest.mark.parametrize(
    ("content", "message"),
    [("a 1 2\nb 1\n", ":2: expected a word and 2 numbers"), ("a 1 x\n", ":1: not a number"), ("", "holds no vectors")],
)
def test_bad_vectors(capsys, data, content, message):
    path = data / "bad.txt.gz"
    path.write_bytes(gzip.compress(content.encode()))
    assert f"{path}{message}" in training_fails(capsys, data, "--word_vectors", path).replace(": holds", "holds")


def test_the_second_file_of_vectors_is_checked_as_the_first(capsys, data):
    first, bad = data / "vectors.txt.gz", data / "bad.txt"
    bad.write_text("a 1 2\nb 1\n")
    assert f"{bad}:2: expected a word" in training_fails(capsys, data, "--word_vectors", first, bad)
    assert f"{data / 'no.txt'}: no such file" in training_fails(capsys, data, "--word_vectors", first, data / "no.txt")
    message = "--word-vectors: none cannot be combined with other values"
    assert message in training_fails(capsys, data, "--word_vectors", first, "none")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--selection", "0"], "--selection: expected a number in (0, 1], got 0.0"),
        (["--selection", "1.2"], "--selection"),
        (["--selection", "-0.1"], "--selection"),
        (["--selection", "nan"], "--selection"),
        (["--select", "0.3"], "--select"),
        (["--colour", "red"], "--colour"),
        (["--model", "hardkuma"], "hardkuma"),
        (["--layer", "gru"], "gru"),
        (["--dist", "bernoulli"], "bernoulli"),
        (["--classes", "3"], "3"),
        (["--dropout", "1"], "--dropout"),
        (["--lr", "0"], "--lr"),
        (["--batch_size", "0"], "--batch-size"),
        (["--eval_every", "0"], "--eval-every"),
        (["--num_iterations", "0"], "--num-iterations"),
        (["--num_iterations", "many"], "many"),
        (["--lambda_min", "2", "--lambda_max", "1"], "--lambda-min"),
        (["--device", "tpu"], "tpu"),
    ],
    ids=" ".join,
)
def test_options_that_cannot_be(capsys, data, arguments, message):
    assert message in training_fails(capsys, data, *arguments)


def test_an_existing_results_folder_is_left_alone(capsys, small_sst, checkpoint):
    before = {path.name: path.read_bytes() for path in checkpoint.iterdir()}
    said = fails(capsys, train_sst, "--save_path", checkpoint, *small_sst.arguments)
    assert "--resume" in said
    assert "--overwrite" in said
    # Bad data is noticed before anything is removed.
    said = fails(capsys, train_sst, "--save_path", checkpoint, "--overwrite", "--data_path", checkpoint / "none")
    assert {path.name: path.read_bytes() for path in checkpoint.iterdir()} == before


def test_a_save_path_that_is_a_file(capsys, data):
    (data / "file").write_text("")
    assert "is a file" in fails(capsys, train_sst, "--save_path", data / "file", "--data_path", data)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--hidden_size", "5"], "--hidden-size was 4"),
        (["--seed", "2"], "--seed was 1"),
        (["--model", "rl"], "--model"),
    ],
)
def test_resuming_with_another_option_names_it(capsys, checkpoint, changed, message):
    assert message in fails(capsys, train_sst, "--save_path", checkpoint, "--resume", *changed)


def test_resuming_with_fewer_iterations_than_done(capsys, checkpoint, tmp_path):
    shutil.copytree(checkpoint, tmp_path / "run")
    arguments = ["--save_path", tmp_path / "run", "--resume", "--num_iterations"]
    assert train_sst([*map(str, arguments), "3"]) == 0
    assert "--num-iterations" in fails(capsys, train_sst, *arguments, "2")


def test_resuming_where_nothing_is(capsys, tmp_path):
    assert "no such folder" in fails(capsys, train_sst, "--save_path", tmp_path / "none", "--resume")
    assert "not a results folder" in fails(capsys, train_sst, "--save_path", tmp_path, "--resume")


def with_weights_that_are_not_finite(folder):
    state = torch.load(folder / "last.pt", weights_only=True)
    state["model"]["embedding.weight"][3, 1] = float("nan")
    del state["sha256"]  # as earlier versions wrote it
    torch.save(state, folder / "last.pt")


def with_another_vocabulary(folder):
    (folder / "vocabulary.txt").write_text("<unk>\n<pad>\nfilm\n")


def with_another_vocabulary_and_no_digest(folder):
    with_another_vocabulary(folder)
    config = json.loads((folder / "config.json").read_text())
    del config["files"]
    (folder / "config.json").write_text(json.dumps(config))


def configured(values=(), **options):
    """Replace values of the configuration, and options in it."""

    def spoil(folder):
        config = json.loads((folder / "config.json").read_text())
        config["options"] |= options
        (folder / "config.json").write_text(json.dumps(config | dict(values)))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "no such folder"),
        (lambda folder: (folder / "config.json").unlink(), "not a results folder"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json:1: not JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), "not the configuration"),
        (lambda folder: (folder / "vocabulary.txt").unlink(), "vocabulary.txt: no such file"),
        (with_another_vocabulary, "vocabulary.txt: is damaged"),
        (with_another_vocabulary_and_no_digest, "weights of this model"),
        (lambda folder: (folder / "last.pt").unlink(), "holds no model"),
        (lambda folder: (folder / "last.pt").write_bytes(b"nonsense"), "last.pt: not a training state"),
        (lambda folder: (folder / "last.pt").write_bytes(b""), "last.pt: not a training state"),
        (lambda folder: (folder / "best.safetensors").write_bytes(b"nonsense"), "best.safetensors: does not hold"),
        (with_weights_that_are_not_finite, "last.pt: holds weights that are not finite"),
        (configured(hidden_size="big"), "config.json: --hidden-size: 'big' has the wrong type"),
        (configured(hidden_size=10**12), "config.json: --hidden-size: expected a number in [1, 16384]"),
        (configured(hidden_size=float("inf")), "config.json: --hidden-size: inf has the wrong type"),
        (configured(dropout=float("nan")), "config.json: --dropout: expected a number in [0, 1), got nan"),
        (configured(train_embed=1), "config.json: --train-embed: 1 has the wrong type"),
        (configured(data_path="a\0b"), "config.json: --data-path: no file name holds the character NUL"),
        (configured({"options": [1]}), "config.json: options: [1] has the wrong type"),
        (configured({"task": ["sst"]}), "config.json: task: ['sst'] has the wrong type"),
        (configured({"embedding_size": 10**12}), "config.json: embedding_size: expected a number in [1, 16384]"),
        (configured({"embedding_size": True}), "config.json: embedding_size: True has the wrong type"),
        (configured({"embedding_size": 0}), "config.json: embedding_size: expected a number in [1, 16384]"),
    ],
)
def test_a_folder_that_is_no_checkpoint(capsys, checkpoint, tmp_path, spoil, message):
    folder = tmp_path / "run"
    shutil.copytree(checkpoint, folder)
    spoil(folder)
    assert message in fails(capsys, predict_sst, "--ckpt", folder, "--text", "A film")
    with pytest.raises(InputError, match=re.escape(message)):
        latent_rationale.load(folder)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            configured(hidden_size=16384),
            r"shape of model.* is \[.*\]; config.json and vocabulary.txt ask for",
        ),
        (configured({"embedding_size": 16384}), r"shape of model.* is \[\d+, 12\].* 16384\]"),
        (configured(layer="bow"), "ask for no such tensor"),
        (configured(model="baseline"), "ask for no such tensor"),
        (configured(dependent_z=True), "is missing"),
    ],
)
@pytest.mark.parametrize("name", ["best.safetensors", "last.pt"])
def test_sizes_are_compared_with_the_weights_before_memory_is_allocated(
    checkpoint, tmp_path, monkeypatch, name, spoil, message
):
    folder = tmp_path / "run"
    shutil.copytree(checkpoint, folder)
    spoil(folder)
    if name == "best.safetensors":
        state = torch.load(folder / "last.pt", weights_only=True)
        weights = {f"{part}.{key}": x for part in ("model", "objective") for key, x in state[part].items()}
        save_file(weights, folder / name)
    allocated = []
    build = SST.build

    def watched(task, embedding):
        allocated.append(embedding.weight.device.type)
        return build(task, embedding)

    monkeypatch.setattr(SST, "build", watched)
    with pytest.raises(InputError, match=message) as error:
        latent_rationale.load(folder)
    assert str(error.value).startswith(f"{folder / name}: does not hold the weights of this model")
    assert allocated == ["meta"]


def test_a_checkpoint_of_another_task(capsys, checkpoint, tmp_path):
    shutil.copytree(checkpoint, tmp_path / "run")
    path = tmp_path / "run/config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"task": "beer"}))
    assert "holds a model for beer, not for sst" in fails(
        capsys, predict_sst, "--ckpt", tmp_path / "run", "--text", "A film"
    )
    assert "beer" in fails(capsys, train_sst, "--save_path", tmp_path / "run", "--resume")


def test_loading_executes_no_code(checkpoint, tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    shutil.copytree(checkpoint, tmp_path / "run")
    (tmp_path / "run/last.pt").write_bytes(pickle.dumps(Evil(), protocol=2))
    with pytest.raises(InputError, match="not a training state"):
        latent_rationale.load(tmp_path / "run")


def test_texts_without_words(capsys, checkpoint, tmp_path):
    assert "--text" in fails(capsys, predict_sst, "--ckpt", checkpoint, "--text", " ")
    path = tmp_path / "texts.txt"
    path.write_text("A film\n\nAnother\n")
    assert f"{path}:2: empty text" in fails(capsys, predict_sst, "--ckpt", checkpoint, "--input", path)
    path.write_text("\n")
    assert f"{path}: holds no texts" in fails(capsys, predict_sst, "--ckpt", checkpoint, "--input", path)
    assert "no such file" in fails(capsys, predict_sst, "--ckpt", checkpoint, "--input", tmp_path / "none")
    path.write_text("A film\n")
    both = ["--text", "A film", "--input", path]
    assert "--text and --input" in fails(capsys, predict_sst, "--ckpt", checkpoint, *both)
    with pytest.raises(InputError, match="text 2 has no words"):
        latent_rationale.load(checkpoint).predict(["A film", ""])


def test_predicting_without_a_checkpoint(capsys):
    assert "--ckpt" in fails(capsys, predict_sst, "--text", "A film")


def test_predicting_without_the_data(capsys, checkpoint, tmp_path):
    said = fails(capsys, predict_sst, "--ckpt", checkpoint, "--data_path", tmp_path / "none")
    assert "none" in said
    assert "no such" in said


def test_resuming_and_overwriting_at_once(capsys, data):
    assert "--resume and --overwrite" in training_fails(capsys, data, "--resume", "--overwrite")


def test_a_device_that_does_not_exist(checkpoint):
    with pytest.raises(InputError, match="unknown device gpu: expected one of auto, cpu"):
        latent_rationale.load(checkpoint, device="gpu")


def test_a_state_of_another_model(capsys, checkpoint, tmp_path):
    import torch

    shutil.copytree(checkpoint, tmp_path / "run")
    torch.save({"progress": {}}, tmp_path / "run/last.pt")
    said = fails(capsys, train_sst, "--save_path", tmp_path / "run", "--resume")
    assert "last.pt: does not hold the weights of this model" in said
