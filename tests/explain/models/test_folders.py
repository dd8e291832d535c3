"""Folders of models as other libraries and tools leave them: each ends in one sentence, and no code is executed."""

import json
import shutil

import pytest
import torch
import transformers

import latent_rationale
from latent_rationale.explain.__main__ import main as explain
from latent_rationale.explain.finetune_bert import main as finetune
from latent_rationale.explain.train_lm import main as train_lm

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 437955512\n"


@pytest.fixture(scope="module")
def good(tokenizer, pretrained, tmp_path_factory):
    """Folder of a classifier of two classes."""
    folder = tmp_path_factory.mktemp("model") / "good"
    torch.manual_seed(1)
    transformers.AutoModelForSequenceClassification.from_pretrained(pretrained).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def configured(**changes):
    """Return a change of a folder's configuration; None removes an entry."""

    def change(folder):
        edit(folder / "config.json", lambda config: config | changes)

    return change


def edit(path, change):
    content = change(json.loads(path.read_text()))
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))


def written(name, content):
    return lambda folder: (folder / name).write_text(content)


def removed(*patterns):
    return lambda folder: [path.unlink() for pattern in patterns for path in folder.glob(pattern)]


def without_weights(name, content=b"x"):
    def change(folder):
        (folder / "model.safetensors").unlink()
        (folder / name).write_bytes(content)

    return change


def renamed_configuration(folder):
    (folder / "config.json").rename(folder / "bert_config.json")


def sharded(folder):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="4KB")
    return sorted(folder.glob("model-*.safetensors"))


def with_a_missing_shard(folder):
    sharded(folder)[1].unlink()


def with_a_pointer_for_a_shard(folder):
    sharded(folder)[1].write_text(POINTER)


def with_a_damaged_index(folder):
    sharded(folder)
    (folder / "model.safetensors.index.json").write_text("[]")


def cut(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def with_another_tokenizer(**changes):
    def change(folder):
        path = folder / "tokenizer.json"
        content = json.loads(path.read_text())
        content["model"] |= changes.pop("model", {})
        path.write_text(json.dumps(content | changes))

    return change


def emptied(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def of_an_adapter(folder):
    emptied(folder)
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "bert-base-uncased"}')


class Opens:
    """Object whose pickle opens a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def with_a_pickle(folder):
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Opens(folder / "executed")}, folder / "pytorch_model.bin")


CASES = {
    "no type": (configured(model_type=None), "config.json: not the configuration of a transformer, but one without"),
    "the original BERT": (renamed_configuration, "has no config.json, but bert_config.json of the original BERT"),
    "no configuration": (removed("config.json"), "model: has no config.json, hence no model"),
    "nothing": (emptied, "model: not a results folder: it has no config.json"),
    "an adapter": (of_an_adapter, "model: holds an adapter of peft, not a whole model"),
    "a list for a configuration": (written("config.json", "[]"), "config.json: not the configuration of a model"),
    "a pointer for weights": (
        written("model.safetensors", POINTER),
        "model.safetensors: a pointer of git-lfs in place",
    ),
    "a pointer for pickled weights": (
        without_weights("pytorch_model.bin", POINTER.encode()),
        "pytorch_model.bin: a pointer of git-lfs in place of the file; run git lfs pull in its folder",
    ),
    "a pointer for a tokenizer": (written("tokenizer.json", POINTER), "tokenizer.json: a pointer of git-lfs in place"),
    "a pointer for a configuration": (written("config.json", POINTER), "config.json: a pointer of git-lfs in place"),
    "a pointer for a shard": (with_a_pointer_for_a_shard, ".safetensors: a pointer of git-lfs in place of the file"),
    "bitsandbytes": (
        configured(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}),
        "model: holds quantised weights (bitsandbytes), which cannot be explained; use the model in float",
    ),
    "gptq": (configured(quantization_config={"quant_method": "gptq"}), "model: holds quantised weights (gptq)"),
    "unknown weights": (configured(quantization_config="x"), "model: holds quantised weights (unknown)"),
    "a model of a newer tokenizer": (
        with_another_tokenizer(model={"type": "New"}),
        f"model: holds no tokenizer that transformers {transformers.__version__} can read (data did not match",
    ),
    "a version of a newer tokenizer": (with_another_tokenizer(version="9.0"), "(Unknown tokenizer version '9.0'"),
    "a tokenizer of another form": (written("tokenizer.json", "[1]"), "model: holds no tokenizer that"),
    "no tokenizer": (removed("token*", "vocab*"), "model: holds no tokenizer that transformers can read (it has no"),
    "TensorFlow": (without_weights("tf_model.h5"), "model: holds weights for TensorFlow only; convert them"),
    "Flax": (without_weights("flax_model.msgpack"), "model: holds weights for Flax only; convert them"),
    "llama.cpp": (without_weights("q4.gguf"), "model: holds weights in the format of llama.cpp only"),
    "no weights": (removed("model.safetensors"), "model: holds no weights; expected model.safetensors or"),
    "a missing shard": (with_a_missing_shard, ".safetensors: a shard of the weights is missing, one of "),
    "a damaged index": (with_a_damaged_index, "model.safetensors.index.json: not an index of weights"),
    "cut off weights": (cut, "model: holds no model that transformers"),
    "a head of another size": (
        configured(id2label={"0": "a", "1": "b", "2": "c"}),
        "can read (weights and configuration do not fit together)",
    ),
    "fewer layers": (configured(num_hidden_layers=2), "model: holds weights and a configuration that do not fit toge"),
    "more layers": (configured(num_hidden_layers=4), "model: is not a trained classifier (no weights for bert.encoder"),
    "a pickle": (with_a_pickle, "can read (the file of weights is damaged, or holds code, which is not executed)"),
    "a missing library": (configured(_attn_implementation="flash_attention_2"), "model: holds no model that"),
    "an unknown type": (configured(model_type="newer"), "model type `newer` but Transformers does not recognize"),
    "a type without classifiers": (configured(model_type="clip"), "can read (Unrecognized configuration class"),
    "an unknown number format": (configured(dtype="floaty"), "can read (AttributeError: module 'torch' has no"),
    "a size in letters": (configured(hidden_size="8"), "can read (Validation error for field 'hidden_size'"),
    "a size of nothing": (configured(hidden_size=0), "model: holds no model that transformers"),
    "an unknown activation": (configured(hidden_act="newer"), "can read (KeyError: 'newer')"),
    "labels in letters": (configured(id2label="x"), "model: holds no model that transformers"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_folder_that_cannot_be_read_is_one_sentence(good, tmp_path, capsys, case):
    change, message = CASES[case]
    folder = shutil.copytree(good, tmp_path / "model")
    change(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert explain(["--ckpt", str(folder), "--method", "occlusion", "--text", "a good film"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {folder}")
    assert error.count(str(folder)) == 1
    assert message in error
    assert error.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_shards_are_read(good, tmp_path):
    folder = shutil.copytree(good, tmp_path / "model")
    sharded(folder)
    own, whole = (latent_rationale.load(path).predict(["a good film"])[0].scores for path in (folder, good))
    assert own == pytest.approx(whole)


WITH_CODE = {
    "of the model": {"AutoModelForSequenceClassification": "own.Own", "AutoConfig": "own.Own"},
    "of the tokenizer": {"AutoTokenizer": ["own.Own", "own.Own"]},
}


@pytest.mark.parametrize("kind", ["bert", "own"])
@pytest.mark.parametrize("code", WITH_CODE)
def test_code_in_a_folder_is_never_executed(good, small_sst, tmp_path, capsys, monkeypatch, kind, code):
    """A known kind of model is loaded without the code of the folder, any other kind is refused."""
    folder = shutil.copytree(good, tmp_path / "model")
    (folder / "own.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\nclass Own: pass\n")
    edit(folder / "config.json", lambda content: content | {"model_type": kind, "auto_map": WITH_CODE[code]})
    edit(folder / "tokenizer_config.json", lambda content: content | {"auto_map": WITH_CODE[code]})
    monkeypatch.setattr("builtins.input", lambda *given: "y")  # the library would ask
    capsys.readouterr()
    ended = explain(["--ckpt", str(folder), "--method", "occlusion", "--text", "a good film"])
    assert ended == (0 if kind == "bert" else 2)
    run = ["--save_path", str(tmp_path / "run"), "--data_path", str(small_sst.folder), "--num_iterations", "1"]
    assert finetune(["--bert_model", str(folder), *run]) == ended
    assert not list(tmp_path.rglob("executed"))
    if kind == "own":
        assert capsys.readouterr().err.count("error: ") == 2


def test_a_name_of_a_path_is_not_asked_for_in_the_library(tmp_path):
    (tmp_path / "model.gguf").write_text("")
    for name, message in (("nowhere", "no such folder"), ("model.gguf", "is a file; expected the folder of a model")):
        with pytest.raises(latent_rationale.InputError, match=message):
            latent_rationale.from_transformers(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (configured(num_hidden_layers=4), "is not a pretrained encoder (no weights that fit bert.encoder.layer.3"),
        (configured(hidden_size=16), "is not a pretrained encoder (no weights that fit "),
        (written("model.safetensors", POINTER), "model.safetensors: a pointer of git-lfs"),
        (configured(model_type=None, task="sst"), "config.json: not the configuration of a transformer, but one of a "),
        (with_another_tokenizer(version="9.0"), "holds no tokenizer that transformers"),
    ],
)
def test_an_encoder_that_does_not_fit_is_not_trained(pretrained, small_sst, tmp_path, capsys, change, message):
    folder = shutil.copytree(pretrained, tmp_path / "encoder")
    change(folder)
    run = ["--save_path", str(tmp_path / "run"), "--data_path", str(small_sst.folder)]
    capsys.readouterr()
    assert finetune(["--bert_model", str(folder), *run]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {folder}")
    assert message in error
    assert not (tmp_path / "run").exists()


def test_pieces_of_a_folder_that_cannot_be_read(good, small_sst, tmp_path, capsys, monkeypatch):
    folder = shutil.copytree(good, tmp_path / "model")
    (folder / "tokenizer.json").write_text(POINTER)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/sst").symlink_to(small_sst.folder)
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path / "data"))
    run = ["--ckpt", str(folder), "--use_bert_tokenizer", "--save_path", str(tmp_path / "run")]
    assert train_lm(run) == 2
    assert f"{folder}/tokenizer.json: a pointer of git-lfs in place of the file" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
