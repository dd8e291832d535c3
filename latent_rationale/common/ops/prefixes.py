"""Compiled reading of prefixes, ``csrc/prefixes.cpp``."""

from torch import Tensor

from latent_rationale.common.ops.library import find_operator


def read_prefixes(
    cell: str, projected: Tensor, ids: Tensor, lengths: Tensor, recurrent_weight: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor] | None:
    """Compute the states of a cell after the first words of R sentences, reading shared prefixes once; no gradients.

    Args:
        cell: its name.
        projected: N words times the cell's input weight, ``[N, gates * H]``.
        ids: sentences of those words, ``[R, T]``; any id beyond their lengths.
        lengths: how many words are read, ``[R]``; may be 0.
        recurrent_weight: ``[recurrent_gates * H, H]``.
        bias: ``[biases * H]``.

    Returns:
        Hidden states ``[R, H]`` and memories ``[R, memories * H]``; None where the cell has no operator for the device.
    """
    operator = find_operator(f"{cell}_prefixes", projected.device)
    if operator is None:
        return None
    hidden, memory = operator(
        projected=projected.contiguous(),
        ids=ids.contiguous(),
        lengths=lengths.contiguous(),
        recurrent_weight=recurrent_weight,
        bias=bias,
    )
    return hidden, memory
