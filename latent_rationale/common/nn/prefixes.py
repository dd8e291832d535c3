"""Encoding of sentences with common prefixes, by the compiled operators of prefixes.cpp where available."""

import torch
from torch import Tensor

from latent_rationale.common.nn.cells import Cell, State
from latent_rationale.common.ops.prefixes import read_prefixes


@torch.no_grad()
def run_prefixes(cell: Cell, projected: Tensor, ids: Tensor, lengths: Tensor) -> State:
    """Compute the states of a cell after a number of words of each sentence, without gradients.

    A prefix that several sentences share is read once. The contexts of phrases share many: a sentence occurs with and
    without a phrase, and sampled words repeat.

    Args:
        cell: cell that reads the sentences from the left.
        projected: output of ``cell.project`` for N different words, ``[N, gates * H]``.
        ids: indices into these words, ``[R, T]``; at padding any valid index.
        lengths: number of words to read of each sentence, ``[R]``; may be 0.

    Returns:
        The state of each sentence after its last word, ``[R, H]`` each.
    """
    compiled = read_prefixes(cell.name, projected, ids, lengths, cell.recurrent_weight, cell.bias)
    if compiled is not None:
        hidden, memory = compiled
        return hidden, *torch.split(memory, cell.hidden_size, dim=1)
    # ``state`` holds one row for each different prefix of the current length, at first the empty one. ``reading`` lists
    # the sentences that go on, and ``which`` the row of ``state`` that each of them is in.
    state = cell.start(projected[:1])
    found = tuple(part.repeat(len(ids), 1) for part in state)
    reading = torch.arange(len(ids), device=ids.device)
    which = torch.zeros_like(reading)
    for place in range(int(lengths.max())):
        goes_on = lengths[reading] > place
        if not goes_on.all():
            _keep(found, reading[~goes_on], state, which[~goes_on])
            reading, which = reading[goes_on], which[goes_on]
        # A prefix that is one word longer is a pair of a prefix and a word, coded as one integer.
        pairs, which = torch.unique(which * len(projected) + ids[reading, place], return_inverse=True)
        before = pairs // len(projected)
        state = cell.step(projected[pairs % len(projected)], tuple(part[before] for part in state))
    _keep(found, reading, state, which)
    return found


def _keep(found: State, rows: Tensor, state: State, which: Tensor) -> None:
    """Copy the states that sentences have ended in, the rows ``which`` of ``state``, to their ``rows`` of ``found``."""
    for part, whole in zip(state, found, strict=True):
        whole[rows] = part[which]
