"""The files of a results folder that hold a model. Loading them executes no code."""

import os
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives.objectives import Objective
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json

CONFIG, VOCABULARY, BEST, LAST = "config.json", "vocabulary.txt", "best.safetensors", "last.pt"


def save_best(folder: Path, train_state: TrainState) -> None:
    """Keep the weights of model and objective as the best so far."""
    weights = _prefixed("model", train_state.model) | _prefixed("objective", train_state.objective)
    _atomically(folder / BEST, lambda path: safetensors.torch.save_file(weights, path))


def save_last(folder: Path, train_state: TrainState) -> None:
    """Keep all that is needed to go on from here."""
    _atomically(folder / LAST, lambda path: torch.save(train_state.state_dict(), path))


def load_last(folder: Path, train_state: TrainState) -> None:
    """Go on from where ``save_last`` left off; where it never did, from the start."""
    if not (folder / LAST).exists():
        return
    try:
        train_state.load_state_dict(_read_last(folder))
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"is not the state of this run ({_first_line(error)})", folder / LAST) from error


def load_weights(folder: Path, model: Model, objective: Objective) -> None:
    """The best model's weights; the last one's where no evaluation could count as best.

    Raises:
        InputError: if there are none, or they do not fit.
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
    except (SafetensorError, RuntimeError, KeyError) as error:
        raise InputError(f"does not hold the weights of this model ({_first_line(error)})", path) from error


def digest(model: Model) -> str:
    """A short name of a model's weights: other weights have another."""
    whole = sha256()
    for tensor in model.state_dict().values():
        whole.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return whole.hexdigest()[:12]


def read_config(folder: Path) -> dict[str, Any]:
    """What the run was told.

    Raises:
        InputError: if the folder is not a results folder.
    """
    if not (folder / CONFIG).is_file():
        raise InputError(f"not a results folder: it has no {CONFIG}" if folder.is_dir() else "no such folder", folder)
    config = read_json(folder / CONFIG)
    if not isinstance(config, dict) or not {"task", "options", "embedding_size"} <= config.keys():
        raise InputError("not the configuration of a training run", folder / CONFIG)
    return config


def _read_last(folder: Path) -> dict[str, Any]:
    path = folder / LAST
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, ValueError, UnpicklingError) as error:
        raise InputError(f"not a training state ({_first_line(error)})", path) from error
    return state


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    # Of what does not fit torch says more in the second line.
    return " ".join(lines[:2]) if lines and lines[0].endswith(":") else (lines or [type(error).__name__])[0]


def _prefixed(part: str, module: nn.Module) -> dict[str, Tensor]:
    return {f"{part}.{name}": tensor.contiguous() for name, tensor in module.state_dict().items()}


def _atomically(path: Path, write: Any) -> None:
    """Write under a temporary name and rename, with the data on disk before the name is."""
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
