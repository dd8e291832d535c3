"""Reading a sentence from both sides, one direction at a time."""

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
    """Run a recurrent network in both directions, to states ``[B, T, 2H]``; those at padding mean nothing.

    Each direction takes inputs ``[B, T, D]`` to states ``[B, T, H]`` from the first word to the last. The second gets
    each sentence reversed within its length, so that padding comes last for both and needs no packing.
    """
    read = inputs if z is None else inputs * z.unsqueeze(-1)
    mirrored = reversed_positions(lengths, inputs.shape[1])
    return torch.cat([forwards(read), take(backwards(take(read, mirrored)), mirrored)], dim=-1)


def last_states(states: Tensor, lengths: Tensor) -> Tensor:
    """What both directions have read in the end, ``[B, 2H]``, of states ``[B, T, 2H]``."""
    forwards, backwards = states.chunk(2, dim=-1)
    last = (lengths - 1).clamp(min=0).unsqueeze(1)
    return torch.cat([take(forwards, last).squeeze(1), backwards[:, 0]], dim=-1)
