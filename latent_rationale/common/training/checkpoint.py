"""Checkpoint files of a results folder. Loading them executes no code."""

import os
import warnings
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
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

MOST_UNITS = 16384
"""Maximum size of the word vectors of a model."""

_CONFIG_TYPES = {"task": str, "options": dict, "embedding_size": int}
"""Types of the values of a configuration that are needed to load a model."""

CONFIG, VOCABULARY, BEST, LAST = "config.json", "vocabulary.txt", "best.safetensors", "last.pt"


def save_best(folder: Path, train_state: TrainState) -> None:
    """Save the weights of model and objective as the best so far."""
    weights = _prefixed("model", train_state.model) | _prefixed("objective", train_state.objective)
    # As bytes: save_file would create a file that only its owner can read.
    _atomically(folder / BEST, lambda path: path.write_bytes(safetensors.torch.save(weights)))


def save_last(folder: Path, train_state: TrainState) -> None:
    """Save the full training state, to resume from it."""
    _atomically(folder / LAST, lambda path: torch.save(train_state.state_dict(), path))


def load_last(folder: Path, train_state: TrainState) -> None:
    """Restore the training state that ``save_last`` wrote; without such a file, leave the fresh state.

    Raises:
        InputError: if the file does not hold the state of this run.
    """
    if not (folder / LAST).exists():
        return
    try:
        train_state.load_state_dict(_read_last(folder))
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"is not the state of this run ({_first_line(error)})", folder / LAST) from error


def load_weights(folder: Path, model: Model, objective: Objective) -> None:
    """Load the weights of the best model, or of the last one if no evaluation has counted as best.

    Raises:
        InputError: if there are none, or they do not fit, or are not finite.
    """
    path = folder / BEST
    try:
        if path.exists():
            weights = safetensors.torch.load_file(path)
        elif (folder / LAST).exists():
            path = folder / LAST
            state = _read_last(folder)
            weights = {f"{part}.{name}": x for part in ("model", "objective") for name, x in state[part].items()}
        else:
            raise InputError("holds no model yet: neither best nor last", folder)
        if not all(tensor.isfinite().all() for tensor in weights.values()):
            raise InputError("holds weights that are not finite", path)
        for part, module in (("model.", model), ("objective.", objective)):
            module.load_state_dict({k.removeprefix(part): v for k, v in weights.items() if k.startswith(part)})
    except (SafetensorError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"does not hold the weights of this model ({_first_line(error)})", path) from error


def digest(model: Model) -> str:
    """Compute a short digest of a model's weights."""
    whole = sha256()
    for tensor in model.state_dict().values():
        whole.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return whole.hexdigest()[:12]


def read_config(folder: Path) -> dict[str, Any]:
    """Read the configuration of a run.

    Raises:
        InputError: if the folder is not a results folder.
    """
    if not (folder / CONFIG).is_file():
        raise InputError(f"not a results folder: it has no {CONFIG}" if folder.is_dir() else "no such folder", folder)
    config = read_json(folder / CONFIG)
    if not isinstance(config, dict) or not config.keys() >= _CONFIG_TYPES.keys():
        raise InputError("not the configuration of a training run", folder / CONFIG)
    for key, kind in _CONFIG_TYPES.items():
        if type(config[key]) is not kind:  # no bool as a number
            raise InputError(f"{key}: {shorten(repr(config[key]))} has the wrong type", folder / CONFIG)
    if config["embedding_size"] not in range(1, MOST_UNITS + 1):
        raise InputError(f"embedding_size: expected a number in [1, {MOST_UNITS}]", folder / CONFIG)
    return config


def _read_last(folder: Path) -> dict[str, Any]:
    """Read the training state that ``save_last`` wrote, with its tensors on CPU."""
    path = folder / LAST
    try:
        with warnings.catch_warnings(action="ignore"):  # of what a hostile file holds; the error says enough
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, ValueError, UnpicklingError) as error:
        raise InputError(f"not a training state ({_first_line(error)})", path) from error
    return state


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message, or the name of its type."""
    lines = [line.strip() for line in str(error).splitlines()]
    # If the first line ends with a colon, torch names what does not fit in the second.
    return " ".join(lines[:2]) if lines and lines[0].endswith(":") else (lines or [type(error).__name__])[0]


def _prefixed(part: str, module: nn.Module) -> dict[str, Tensor]:
    """Return a module's state with ``part.`` before each name."""
    return {f"{part}.{name}": tensor.contiguous() for name, tensor in module.state_dict().items()}


def _atomically(path: Path, write: Any) -> None:
    """Write under a temporary name, sync to disk, and rename."""
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    with temporary.open("r+b") as file:  # for writing: Windows syncs no other
        os.fsync(file.fileno())
    temporary.replace(path)
