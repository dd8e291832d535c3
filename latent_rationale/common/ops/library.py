"""Finds the operators that are written in C++: the ``*.cpp`` files of this package, compiled when it is installed."""

import importlib.util
import platform
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import torch


@cache
def is_compiled() -> bool:
    """Whether ``torch.ops.latent_rationale`` has them. If not, a warning says why and what to do, once."""
    try:
        torch.ops.load_library(_library())  # type: ignore[no-untyped-call]
    except OSError as error:
        warnings.warn(
            f"the compiled operators of latent_rationale are not used ({error}): on a processor, LSTMs take twice as "
            "long, and explanations of them longer still; to compile them: pip install --no-build-isolation --no-deps "
            "-e . in the source folder",
            stacklevel=2,
        )
        return False
    return True


def operator_for(device: torch.device, name: str) -> Callable[..., Any] | None:
    """A compiled operator, if this device has one of that name; else None."""
    if device.type != "cpu" or not is_compiled():
        return None
    found: Callable[..., Any] | None = getattr(torch.ops.latent_rationale, name, None)
    return found


def _library() -> str:
    """The path of the compiled operators.

    Raises:
        OSError: if there are none, or none for this processor.
    """
    found = importlib.util.find_spec("latent_rationale._operators")
    if found is None or found.origin is None:
        raise FileNotFoundError("they were not compiled when it was installed")
    if platform.machine() in ("x86_64", "AMD64") and torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        raise OSError("they need a processor with AVX2")
    return found.origin
