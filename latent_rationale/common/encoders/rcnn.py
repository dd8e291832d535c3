"""A bidirectional RCNN (Lei, Barzilay & Jaakkola, 2016; paper, appendix B.1.1)."""

import torch
from torch import Tensor

from latent_rationale.common.cells import RCNNCell
from latent_rationale.common.encoders.encoder import Encoder
from latent_rationale.common.sequences import reversed_positions, take
from latent_rationale.common.structures import Tokens


class RCNN(Encoder):
    """One RCNN from left to right and one from right to left.

    A word with z = 0 leaves the state as it was, so that reading the selected words alone gives the same result.

    Args:
        input_size: D.
        hidden_size: units per direction.
        skip_unselected: has no meaning here: the RCNN always does.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = True):
        super().__init__(2 * hidden_size, skip_unselected=True)
        self.forwards = RCNNCell(input_size, hidden_size)
        self.backwards = RCNNCell(input_size, hidden_size)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Both directions' states at each word."""
        mirrored = reversed_positions(tokens.lengths, inputs.shape[1])
        backwards = take(_run(self.backwards, take(inputs, mirrored)), mirrored)
        return torch.cat([_run(self.forwards, inputs), backwards], dim=-1)

    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Both directions' last states."""
        scaled = inputs if z is None else inputs * z.unsqueeze(-1)
        mirrored = take(scaled, reversed_positions(tokens.lengths, inputs.shape[1]))
        last = (tokens.lengths - 1).clamp(min=0).unsqueeze(1)
        ends = [take(_run(cell, texts), last) for cell, texts in ((self.forwards, scaled), (self.backwards, mirrored))]
        return torch.cat(ends, dim=-1).squeeze(1)


def _run(cell: RCNNCell, inputs: Tensor) -> Tensor:
    """The states ``[B, T, H]`` of a cell that reads ``inputs [B, T, D]`` from the first to the last."""
    projected = cell.project(inputs)
    state = cell.start(projected[:, 0])
    shown = []
    for step in projected.unbind(1):
        state = cell.step(step, state)
        shown.append(state[0])
    return torch.stack(shown, dim=1)
