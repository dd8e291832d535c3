"""Bidirectional encoding, one direction at a time."""

from collections.abc import Callable

import torch
from torch import Tensor

from latent_rationale.common.nn.padding import reversed_positions, take


def run_both_ways(
    forwards: Callable[[Tensor], Tensor],
    backwards: Callable[[Tensor], Tensor],
    inputs: Tensor,
    lengths: Tensor,
    z: Tensor | None,
) -> Tensor:
    """Compute the states of both directions, ``[B, T, 2H]``, without compiled operators; at padding they are undefined.

    The second direction gets each sentence reversed within its length. Padding thus comes last in both directions,
    where it cannot affect the states of the words, and nothing needs to be packed.

    Args:
        forwards: function from inputs ``[B, T, D]`` to states ``[B, T, H]``, from the first position to the last.
        backwards: the function of the other direction, which reads the reversed sentences from the first position too.
        inputs: word vectors ``[B, T, D]``.
        lengths: lengths of the sentences, ``[B]``.
        z: choices ``[B, T]`` that scale the inputs; None for the full text.
    """
    read = inputs if z is None else inputs * z.unsqueeze(-1)
    mirrored = reversed_positions(lengths, inputs.shape[1])
    # Taking the same positions again puts the states back into the order of the words.
    return torch.cat([forwards(read), take(backwards(take(read, mirrored)), mirrored)], dim=-1)


def last_states(states: Tensor, lengths: Tensor) -> Tensor:
    """Return the last state of each direction, ``[B, 2H]``.

    Args:
        states: states of both directions, ``[B, T, 2H]``.
        lengths: lengths of the sentences, ``[B]``; a length of 0 gives any finite vector.
    """
    forwards, backwards = states.chunk(2, dim=-1)
    # The forward direction ends at the last word, the backward direction at the first.
    last = (lengths - 1).clamp(min=0).unsqueeze(1)
    return torch.cat([take(forwards, last).squeeze(1), backwards[:, 0]], dim=-1)
