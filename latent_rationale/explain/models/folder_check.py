"""Checks of the folder of a transformer before the ``transformers`` library reads it, whose errors are less clear."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latent_rationale.common.training.checkpoint import CONFIG
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Names of files with weights that the library reads; a large model has shards, and ``<name>.index.json``."""

OTHER_WEIGHTS = {
    "adapter_config.json": "an adapter of peft, not a whole model; merge it into its base model first",
    "tf_model.h5": "weights for TensorFlow only; convert them to model.safetensors",
    "flax_model.msgpack": "weights for Flax only; convert them to model.safetensors",
    "*.gguf": "weights in the format of llama.cpp only; download model.safetensors",
    "*.ckpt*": "weights in the original format of BERT only; convert them to model.safetensors",
}
"""Files with weights of another format, by name, and what they are."""

MARKS = ("bert_config.json", "tokenizer.json", "tokenizer_config.json", *WEIGHTS, *OTHER_WEIGHTS)
"""Files by which a folder is known as one of another library, even if its configuration is missing or damaged."""

_POINTER = b"version https://git-lfs.github.com/spec/"


def is_foreign(folder: Path) -> bool:
    """Tell whether a folder holds a model of another library, complete or not."""
    return any(True for name in (*MARKS, *(f"{weights}.index.json" for weights in WEIGHTS)) for _ in folder.glob(name))


def is_pointer(path: Path) -> bool:
    """Tell whether git-lfs has left a pointer in place of the content of a file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def check_configuration(folder: Path) -> None:
    """Check that a folder has a configuration and a tokenizer without known defects.

    Raises:
        InputError: if it has none, or files are pointers of git-lfs.
    """
    _refuse_pointers(path for ending in ("json", "txt", "model") for path in sorted(folder.glob(f"*.{ending}")))
    if not (folder / CONFIG).is_file():
        for name, content in OTHER_WEIGHTS.items():
            if list(folder.glob(name)):
                raise InputError(f"holds {content}", folder)
        if (folder / "bert_config.json").is_file():
            raise InputError(
                f'has no {CONFIG}, but bert_config.json of the original BERT; rename it and add "model_type": "bert"',
                folder,
            )
        raise InputError(f"has no {CONFIG}, hence no model that transformers can read", folder)
    config = read_json(folder / CONFIG)
    if not isinstance(config, dict):
        raise InputError("not the configuration of a model: expected a JSON object", folder / CONFIG)
    if "model_type" not in config:
        kind = f"of a training run for {config['task']}" if "task" in config else "without model_type"
        raise InputError(f"not the configuration of a transformer, but one {kind}", folder / CONFIG)


def check_weights(folder: Path) -> None:
    """Check that a folder has a configuration and all files of its weights.

    Raises:
        InputError: if something is missing, or the weights are quantised or in another format.
    """
    check_configuration(folder)
    quantised = read_json(folder / CONFIG).get("quantization_config")
    if quantised is not None:
        method = quantised.get("quant_method", "unknown") if isinstance(quantised, dict) else "unknown"
        raise InputError(
            f"holds quantised weights ({method}), which cannot be explained; use the model in float", folder
        )
    if (folder / "adapter_config.json").is_file():
        raise InputError(f"holds {OTHER_WEIGHTS['adapter_config.json']}", folder)
    for name in WEIGHTS:
        if (folder / name).is_file():
            return _refuse_pointers([folder / name])
        if (folder / f"{name}.index.json").is_file():
            return _check_shards(folder, folder / f"{name}.index.json")
    for name, content in OTHER_WEIGHTS.items():
        if list(folder.glob(name)):
            raise InputError(f"holds {content}", folder)
    raise InputError(f"holds no weights; expected {' or '.join(WEIGHTS)}", folder)


def _check_shards(folder: Path, index: Path) -> None:
    """Check that all shards of the weights are there.

    Raises:
        InputError: if one is missing or a pointer, or the index is damaged.
    """
    content: Any = read_json(index)
    names = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise InputError("not an index of weights", index)
    shards = [folder / name for name in sorted(set(names.values()))]
    for path in shards:
        if not path.is_file():
            raise InputError(f"a shard of the weights is missing, one of {len(shards)} that {index.name} names", path)
    _refuse_pointers(shards)


def _refuse_pointers(paths: "list[Path] | Iterator[Path]") -> None:
    """Raise an ``InputError`` for the first pointer of git-lfs."""
    for path in paths:
        if is_pointer(path):
            raise InputError("a pointer of git-lfs in place of the file; run git lfs pull in its folder", path)
