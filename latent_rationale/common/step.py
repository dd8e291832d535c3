"""One step of a cell for many sentences, by the compiled operators of step.h where they are there."""

import torch
from torch import Tensor

from latent_rationale.common.cells import Cell, State
from latent_rationale.common.compiled import operator_for


@torch.no_grad()
def step(cell: Cell, projected: Tensor, words: Tensor, state: State, before: Tensor) -> State:
    """The states ``[B, H]`` of B sentences that read few words in few states, without gradients.

    Args:
        cell: takes the step.
        projected: what ``cell.project`` makes of N words, ``[N, gates * H]``.
        words: which of them each sentence reads, ``[B]``.
        state: M states before that, ``[M, H]``.
        before: which of them each sentence is in, ``[B]``.
    """
    operator = operator_for(projected.device, f"{cell.name}_step")
    if operator is None:
        return cell.step(projected[words], tuple(part[before] for part in state))
    hidden, *memories = state
    together = memories[0] if len(memories) == 1 else torch.cat(memories, dim=1)
    hidden, remembered = operator(projected, words, hidden, together, before, cell.bias, cell.recurrent_weight)
    return hidden, *remembered.chunk(len(memories), dim=1)
