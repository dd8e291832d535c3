"""Find the operators in C++ that are compiled when the package is installed."""

import importlib.util
import platform
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

_switched_off: set[str] = set()


@cache
def is_compiled() -> bool:
    """Load the compiled operators; where that fails, warn once with the reason and what to do, and return False."""
    try:
        torch.ops.load_library(_library_path())  # type: ignore[no-untyped-call]
    except OSError as error:
        warnings.warn(
            f"the compiled operators of latent_rationale are not used ({error}): on a processor, training and "
            "explanations take up to twice as long; to compile them: pip install --no-build-isolation --no-deps "
            "-e . in the source folder",
            stacklevel=2,
        )
        return False
    return True


def find_operator(name: str, device: torch.device) -> Callable[..., Any] | None:
    """Return a compiled operator of this package, or None where this device has none of that name."""
    if name in _switched_off or device.type != "cpu" or not is_compiled():
        return None
    found: Callable[..., Any] | None = getattr(torch.ops.latent_rationale, name, None)
    return found


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Switch operators off, so that tests and benchmarks compare them with the same computation in Python."""
    before = set(_switched_off)
    _switched_off.update(names)
    try:
        yield
    finally:
        _switched_off.clear()
        _switched_off.update(before)


def _library_path() -> str:
    """Return the path of the compiled library.

    Raises:
        OSError: if there is none, or none for this processor.
    """
    found = importlib.util.find_spec("latent_rationale._operators")
    if found is None or found.origin is None:
        raise FileNotFoundError("they were not compiled when it was installed")
    if platform.machine() in ("x86_64", "AMD64") and torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        raise OSError("they need a processor with AVX2")
    return found.origin
