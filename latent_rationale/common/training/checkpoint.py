"""Checkpoint files of a results folder. Loading them executes no code."""

import warnings
from collections.abc import Iterable, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json
from latent_rationale.common.utils.values import shorten
from latent_rationale.common.utils.writing import replacing

MOST_UNITS = 16384
"""Maximum size of the word vectors of a model."""

_CONFIG_TYPES = {"task": str, "options": dict, "embedding_size": int, "files": dict, "data": dict}
"""Types of the values of a configuration, of which the last two are missing in older ones."""

CONFIG, VOCABULARY, BEST, LAST = "config.json", "vocabulary.txt", "best.safetensors", "last.pt"

_DIGEST = "sha256"
"""Key of the digest of the content, in the metadata of the weights and in the training state."""


def save_best(folder: Path, train_state: TrainState) -> None:
    """Save the weights of model and objective as the best so far.

    Raises:
        InputError: if the file cannot be written.
    """
    weights = _prefixed("model", train_state.model) | _prefixed("objective", train_state.objective)
    with replacing(folder / BEST) as file:
        file.write(safetensors.torch.save(weights, {_DIGEST: digest(weights)}))


def save_last(folder: Path, train_state: TrainState) -> None:
    """Save the full training state, to resume from it.

    Raises:
        InputError: if the file cannot be written.
    """
    state = train_state.state_dict()
    with replacing(folder / LAST) as file:
        # By its name: while torch calls a Python file, Ctrl-C turns into a RuntimeError.
        torch.save({**state, _DIGEST: digest(state)}, file.name)


def has_state(folder: Path) -> bool:
    """Tell whether a results folder has a state to resume from; it has none if the run was interrupted as it began.

    Raises:
        InputError: if there is none although the run went on.
    """
    if (folder / LAST).exists():
        return True
    if (folder / BEST).exists():
        raise InputError(f"cannot be resumed without {LAST}", folder)
    return False


def load_last(folder: Path, train_state: TrainState) -> None:
    """Restore the training state that ``save_last`` wrote.

    Raises:
        InputError: if the file does not hold the state of this run, or is damaged.
    """
    try:
        train_state.load_state_dict(_read_last(folder))
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"is not the state of this run ({_first_line(error)})", folder / LAST) from error


def load_weights(folder: Path, model: Model, objective: Objective) -> None:
    """Load the weights of the best model, or of the last one if no evaluation has counted as best.

    Raises:
        InputError: if there are none, or they do not fit, are not finite, or are damaged.
    """
    path = folder / BEST
    try:
        if path.exists():
            weights = _read_weights(path)
        elif (folder / LAST).exists():
            path = folder / LAST
            weights = _last_weights(folder)
        else:
            raise InputError("holds no model yet: neither best nor last", folder)
        if not all(tensor.isfinite().all() for tensor in weights.values()):
            raise InputError("holds weights that are not finite", path)
        for part, module in (("model.", model), ("objective.", objective)):
            module.load_state_dict({k.removeprefix(part): v for k, v in weights.items() if k.startswith(part)})
    except (SafetensorError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"does not hold the weights of this model ({_first_line(error)})", path) from error


def check_shapes(folder: Path, model: Model, objective: Objective) -> None:
    """Compare the shapes of a model with those of the saved weights, if there are any, without reading the latter.

    Args:
        folder: results folder.
        model: the model, possibly on the meta device, where it takes no memory.
        objective: objective of the training.

    Raises:
        InputError: if names or shapes differ.
    """
    path = folder / (BEST if (folder / BEST).exists() else LAST)
    if not path.exists():
        return
    expected = _prefixed("model", model) | _prefixed("objective", objective)
    saved = _saved_shapes(path)
    for name in sorted(saved.keys() | expected.keys()):
        there = saved.get(name, "missing")
        needed = list(expected[name].shape) if name in expected else "no such tensor"
        if there != needed:
            reason = f"the shape of {name} is {there}; {CONFIG} and {VOCABULARY} ask for {needed}"
            raise InputError(f"does not hold the weights of this model ({reason})", path)


def _saved_shapes(path: Path) -> dict[str, list[int]]:
    """Return the shapes of the weights in a file of the best or the last model."""
    try:
        if path.name == BEST:
            with safetensors.safe_open(path, "pt") as file:
                return {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
        return {name: list(tensor.shape) for name, tensor in _last_weights(path.parent).items()}
    except (SafetensorError, OSError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"does not hold the weights of this model ({_first_line(error)})", path) from error


def _last_weights(folder: Path) -> dict[str, Tensor]:
    """Return the weights of model and objective in the last training state."""
    state = _read_last(folder)
    return {f"{part}.{name}": x for part in ("model", "objective") for name, x in state[part].items()}


def digest(values: Any) -> str:
    """Compute the SHA-256 digest of tensors, numbers and strings in nested dictionaries, lists and tuples."""
    whole = sha256()
    _add_to(whole, values)
    return whole.hexdigest()


def _add_to(whole: Any, values: Any) -> None:
    if isinstance(values, Tensor):
        whole.update(f"{values.dtype} {tuple(values.shape)}".encode())
        whole.update(values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    elif isinstance(values, Mapping):
        for key, value in sorted(values.items(), key=lambda item: repr(item[0])):  # safetensors keeps no order
            whole.update(repr(key).encode())
            _add_to(whole, value)
    elif isinstance(values, list | tuple):
        whole.update(f"{type(values).__name__} {len(values)}".encode())
        for value in values:
            _add_to(whole, value)
    else:
        whole.update(repr(values).encode())


def read_config(folder: Path) -> dict[str, Any]:
    """Read the configuration of a run.

    Raises:
        InputError: if the folder is not a results folder, or a file that its configuration lists is damaged.
    """
    if not (folder / CONFIG).is_file():
        raise InputError(f"not a results folder: it has no {CONFIG}" if folder.is_dir() else "no such folder", folder)
    config = read_json(folder / CONFIG)
    if not isinstance(config, dict) or not {"task", "options", "embedding_size"} <= config.keys():
        raise InputError("not the configuration of a training run", folder / CONFIG)
    for key, kind in _CONFIG_TYPES.items():
        if key in config and type(config[key]) is not kind:  # no bool as a number
            raise InputError(f"{key}: {shorten(repr(config[key]))} has the wrong type", folder / CONFIG)
    if config["embedding_size"] not in range(1, MOST_UNITS + 1):
        raise InputError(f"embedding_size: expected a number in [1, {MOST_UNITS}]", folder / CONFIG)
    _check_files(folder, config.get("files", {}))
    return config


def file_digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Compute the SHA-256 digests of files.

    Args:
        folder: results folder.
        names: names of files in it, and of folders whose files are meant.

    Returns:
        Digests by path relative to ``folder``, with slashes.
    """
    paths = [path for name in names for path in (folder / name, *sorted((folder / name).rglob("*"))) if path.is_file()]
    return {path.relative_to(folder).as_posix(): _file_digest(path) for path in paths}


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _check_files(folder: Path, digests: Mapping[str, str]) -> None:
    """Compare files with their digests. Folders of versions without digests are not checked.

    Raises:
        InputError: if a file is missing or has another content.
    """
    for name, digest_ in digests.items():
        path = folder / name
        if not path.is_file():
            raise InputError("no such file; the results folder is incomplete", path)
        if _file_digest(path) != digest_:
            raise InputError("is damaged: it has another digest than when it was saved", path)


def _read_weights(path: Path) -> dict[str, Tensor]:
    """Read the weights that ``save_best`` wrote.

    Raises:
        InputError: if they are not those that were saved. Files of versions without digests are not checked.
    """
    with safetensors.safe_open(path, "pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dictionary
        recorded = (file.metadata() or {}).get(_DIGEST)
    _compare(path, weights, recorded)
    return weights


def _read_last(folder: Path) -> dict[str, Any]:
    """Read the training state that ``save_last`` wrote, with its tensors on CPU.

    Raises:
        InputError: if it is no training state, or not the one that was saved. Files of versions without digests are not
            checked.
    """
    path = folder / LAST
    try:
        with warnings.catch_warnings(action="ignore"):  # of what a hostile file holds; the error says enough
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        recorded = state.pop(_DIGEST, None)
    except Exception as error:  # torch reads a damaged file until something, whatever it is, does not fit
        raise InputError(f"not a training state ({_first_line(error)})", path) from error
    _compare(path, state, recorded)
    return state


def _compare(path: Path, values: Any, recorded: str | None) -> None:
    """Compare the content of a file with its digest.

    Raises:
        InputError: if they differ.
    """
    if recorded is not None and digest(values) != recorded:
        raise InputError("is damaged: its content has another digest than when it was saved", path)


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message, or the name of its type."""
    lines = [line.strip() for line in str(error).splitlines()]
    # If the first line ends with a colon, torch names what does not fit in the second.
    return " ".join(lines[:2]) if lines and lines[0].endswith(":") else (lines or [type(error).__name__])[0]


def _prefixed(part: str, module: nn.Module) -> dict[str, Tensor]:
    """Return a module's state with ``part.`` before each name."""
    return {f"{part}.{name}": tensor.contiguous() for name, tensor in module.state_dict().items()}
