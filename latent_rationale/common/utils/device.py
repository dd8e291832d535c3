"""Selection of the device to compute on, and of the number of threads."""

import os

import torch

from latent_rationale.common.utils.console import LOGGER, has_console
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.process import DEVICES, MPS_FALLBACK, free_cores


def find_device(name: str) -> torch.device:
    """Return the device with this name.

    Args:
        name: ``cpu``, ``cuda``, ``mps`` for Apple's GPU, or ``auto`` for CUDA if it is available and the CPU otherwise.
            Apple's GPU is not chosen by itself: it lacks float64 and the compiled operators that a CPU has.

    Raises:
        InputError: for any other name, or if there is no such device.
    """
    if name not in DEVICES:
        raise InputError(f"unknown device {name}: expected one of {', '.join(DEVICES)}")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: no CUDA device is available; use --device cpu or auto")
    if name == "mps":
        return _apple_gpu()
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _apple_gpu() -> torch.device:
    """Return Apple's GPU, and log what becomes of operators that it lacks.

    Raises:
        InputError: if it is not available.
    """
    if not torch.backends.mps.is_available():
        raise InputError("--device mps: no Apple GPU is available to torch; use --device cpu or auto")
    if os.environ.get(MPS_FALLBACK) == "1":
        LOGGER.info("note: operators that Apple's GPU lacks run on the CPU; %s=0 makes them errors", MPS_FALLBACK)
    else:
        LOGGER.info("note: operators that Apple's GPU lacks are errors; %s=1 runs them on the CPU", MPS_FALLBACK)
    return torch.device("mps")


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
