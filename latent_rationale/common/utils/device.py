"""Selection of the device to compute on."""

import torch

from latent_rationale.common.utils.errors import InputError


def find_device(name: str) -> torch.device:
    """Return the device with this name.

    Args:
        name: ``cpu``, ``cuda``, or ``auto`` for a GPU if one is available and the CPU otherwise.

    Raises:
        InputError: for any other name, or for ``cuda`` if no GPU is available.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"unknown device {name}: expected auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: no CUDA device is available; use --device cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
