"""Sizes of a model, which are checked before memory is allocated for it."""

from collections.abc import Callable

import psutil
import torch

from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective
from latent_rationale.common.utils.errors import InputError, lacks_memory

_BYTES = 4
"""Bytes of a float32 number."""

_COPIES = 4
"""Numbers per trained parameter: its value, its gradient, and the two moments of Adam."""

Parts = tuple[Model, Objective]


def build_checked(build: Callable[[], Parts], check: Callable[[Model, Objective], None] | None = None) -> Parts:
    """Create a model and its objective, after a check that the memory of the machine is enough to train it.

    Args:
        build: function that creates them.
        check: further check, which receives a model and an objective whose tensors have shapes but no values.

    Raises:
        InputError: if the model is too large.
    """
    # On the meta device no memory is allocated and no random number is drawn.
    with torch.device("meta"):
        model, objective = build()
    if check is not None:
        check(model, objective)
    _check_memory(model)
    try:
        return build()
    except (MemoryError, RuntimeError) as error:  # a limit of the process or of its container
        if not lacks_memory(error):
            raise
        raise InputError(f"not enough memory for {_size_of(model)}; choose smaller sizes") from error


def _check_memory(model: Model) -> None:
    needed = _BYTES * sum(p.numel() * (_COPIES if p.requires_grad else 1) for p in model.parameters())
    present = psutil.virtual_memory().total + psutil.swap_memory().total
    if needed > present:
        gigabytes = f"{needed / 2**30:,.0f} GiB, of {present / 2**30:,.0f} GiB in this machine"
        raise InputError(f"{_size_of(model)} needs {gigabytes}; choose smaller sizes")


def _size_of(model: Model) -> str:
    return f"a model of {sum(p.numel() for p in model.parameters()):,} parameters"
