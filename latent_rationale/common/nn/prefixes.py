"""Reading sentences that begin alike, by the compiled operators of prefixes.cpp where they are there."""

import torch
from torch import Tensor

from latent_rationale.common.nn.cells import Cell, State
from latent_rationale.common.ops.prefixes import read_prefixes


@torch.no_grad()
def run_prefixes(cell: Cell, projected: Tensor, ids: Tensor, lengths: Tensor) -> State:
    """The states ``[R, H]`` of a cell behind so many words of each of R sentences, without gradients.

    What several begin with is read once. In the contexts of phrases many do: the same sentence with and without a
    phrase, and all that have the same words drawn.

    Args:
        cell: reads from the left.
        projected: what ``cell.project`` makes of N words, ``[N, gates * H]``.
        ids: the sentences, by the numbers of their words among those, ``[R, T]``; some number also behind their ends.
        lengths: how many are read, ``[R]``; there may be none.
    """
    compiled = read_prefixes(cell.name, projected, ids, lengths, cell.recurrent_weight, cell.bias)
    if compiled is not None:
        hidden, memory = compiled
        return hidden, *torch.split(memory, cell.hidden_size, dim=1)
    state = cell.start(projected[:1])
    found = tuple(part.repeat(len(ids), 1) for part in state)
    reading = torch.arange(len(ids), device=ids.device)
    which = torch.zeros_like(reading)  # of the states each of those sentences is in
    for place in range(int(lengths.max())):
        goes_on = lengths[reading] > place
        if not goes_on.all():
            _keep(found, reading[~goes_on], state, which[~goes_on])
            reading, which = reading[goes_on], which[goes_on]
        pairs, which = torch.unique(which * len(projected) + ids[reading, place], return_inverse=True)
        before = pairs // len(projected)
        state = cell.step(projected[pairs % len(projected)], tuple(part[before] for part in state))
    _keep(found, reading, state, which)
    return found


def _keep(found: State, rows: Tensor, state: State, which: Tensor) -> None:
    for part, whole in zip(state, found, strict=True):
        whole[rows] = part[which]
