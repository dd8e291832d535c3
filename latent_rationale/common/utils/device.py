"""Selection of the device to compute on, and of the number of threads."""

import os

import torch

from latent_rationale.common.utils.console import LOGGER, has_console
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.process import DEVICES, free_cores


def find_device(name: str) -> torch.device:
    """Return the device with this name.

    Args:
        name: ``cpu``, ``cuda``, or ``auto`` for a GPU if one is available and the CPU otherwise.

    Raises:
        InputError: for any other name, or for ``cuda`` if no GPU is available.
    """
    if name not in DEVICES:
        raise InputError(f"unknown device {name}: expected one of {', '.join(DEVICES)}")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: no CUDA device is available; use --device cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def set_threads(count: int) -> None:
    """Set the number of threads that compute on the CPU.

    Args:
        count: number of threads. 0 stands for that of ``OMP_NUM_THREADS`` if it is set, and in a command otherwise for
            as many as there are free cores: more of them wait for each other, which makes training many times slower.
    """
    if count > 0:
        torch.set_num_threads(count)
    elif has_console() and "OMP_NUM_THREADS" not in os.environ:
        default, free = torch.get_num_threads(), free_cores()
        if free < default:
            torch.set_num_threads(free)
            LOGGER.info(
                "note: %d of %d cores free, hence as many threads; --threads sets another number", free, default
            )
