"""Compiled splitting of activations, ``csrc/split.cpp``."""

from torch import Tensor

from latent_rationale.common.ops.library import find_operator


def split_states(
    cell: str,
    projected: Tensor,
    contexts: Tensor,
    begins: Tensor,
    inside: Tensor,
    recurrent_weight: Tensor,
    bias: Tensor,
    state: tuple[Tensor, ...],
) -> tuple[Tensor, Tensor] | None:
    """Split the last hidden states of a cell into the part that is relevant to a phrase and the rest; no gradients.

    Args:
        cell: its name.
        projected: N words times the cell's input weight, ``[N, gates * H]``.
        contexts: which of those words stand where, ``[S, K, T]``, for S phrases in K contexts.
        begins: the places where the phrases begin, ``[S]``, ascending.
        inside: where the phrases are, ``[S, T]``.
        recurrent_weight: ``[recurrent_gates * H, H]``.
        bias: ``[biases * H]``.
        state: hidden states and memories where the phrases begin, ``[S, K, H]`` each.

    Returns:
        Hidden states ``[S, K, H]`` and their relevant parts ``[S, 1, H]``; None where the cell has no operator for the
        device.
    """
    operator = find_operator(f"{cell}_split", projected.device)
    if operator is None:
        return None
    hidden, memory = state
    whole, relevant = operator(
        projected=projected.contiguous(),
        contexts=contexts,
        begins=begins,
        inside=inside,
        recurrent_weight=recurrent_weight,
        bias=bias,
        hidden=hidden,
        memory=memory,
    )
    return whole, relevant
