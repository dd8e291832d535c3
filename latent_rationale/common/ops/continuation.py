"""Compiled sampling of continuations, ``csrc/continuation.cpp``."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from latent_rationale.common.ops.library import find_operator


class OutputLayers(NamedTuple):
    """Layers of a softmax over F frequent words and C clusters of rarer ones, from H units.

    Attributes:
        head_weight: ``[F + C, H]``.
        head_bias: ``[F + C]``, if there is one.
        tails: for each cluster of V words ``[D, H]`` and ``[V, D]``.
        reserved: as many ids from 0 on are never drawn.
    """

    head_weight: Tensor
    head_bias: Tensor | None
    tails: Sequence[tuple[Tensor, ...]]
    reserved: int


def continue_sentences(
    cell: str,
    projected: Tensor,
    recurrent_weight: Tensor,
    bias: Tensor,
    state: tuple[Tensor, ...],
    state_index: Tensor,
    lengths: Tensor,
    noise: Tensor,
    layers: OutputLayers,
) -> Tensor | None:
    """Draw words ``[B, W]`` for B sentences, each in view of the words before it; any word beyond their lengths.

    Args:
        cell: its name.
        projected: the words of the vocabulary times the cell's input weight, ``[V, gates * H]``.
        recurrent_weight: ``[recurrent_gates * H, H]``.
        bias: ``[biases * H]``.
        state: hidden states and memories to start from, ``[R, H]`` each.
        state_index: which of those each sentence starts from, ``[B]``, ascending.
        lengths: how many words to draw, ``[B]``.
        noise: uniform on [0, 1), ``[B, W]``.
        layers: from hidden states to probabilities.

    Returns:
        None where the cell has no operator for the device.
    """
    operator = find_operator(f"{cell}_continuation", noise.device)
    if operator is None:
        return None
    hidden, memory = state
    words: Tensor = operator(
        projected=projected,
        recurrent_weight=recurrent_weight,
        bias=bias,
        hidden=hidden,
        memory=memory,
        state_index=state_index,
        lengths=lengths,
        noise=noise,
        head_weight=layers.head_weight,
        head_bias=layers.head_bias,
        tails=[weight for tail in layers.tails for weight in tail],
        reserved=layers.reserved,
    )
    return words
