"""A bidirectional RCNN as one would write it: what scripts/benchmark puts in place of the compiled one.

A step at a time and every word, also those with z = 0, which leave the state as it was. The products that do not depend
on the past are computed for all words at once, and autograd finds the gradients.
"""

import torch
from torch import Tensor

from latent_rationale.common.nn.cells import RCNNCell
from latent_rationale.common.nn.encoders import Encoder
from latent_rationale.common.nn.encoders.bidirectional import last_states
from latent_rationale.common.nn.padding import reversed_positions, take
from latent_rationale.common.structures import Tokens


class PlainRCNN(Encoder):
    """An RCNN from left to right and one from right to left.

    Args:
        input_size: D.
        hidden_size: units per direction.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(2 * hidden_size, skip_unselected=False)
        self.forwards = RCNNCell(input_size, hidden_size)
        self.backwards = RCNNCell(input_size, hidden_size)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Both directions' states at each word."""
        return self._run(inputs, tokens.lengths, tokens.mask)

    def encode(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Both directions' last states."""
        scaled = inputs if z is None else inputs * z.unsqueeze(-1)
        return last_states(self._run(scaled, tokens.lengths, tokens.mask if z is None else z > 0), tokens.lengths)

    def _run(self, inputs: Tensor, lengths: Tensor, heeded: Tensor) -> Tensor:
        mirrored = reversed_positions(lengths, inputs.shape[1])
        backwards = _by_steps(self.backwards, take(inputs, mirrored), take(heeded, mirrored))
        return torch.cat([_by_steps(self.forwards, inputs, heeded), take(backwards, mirrored)], dim=-1)


def _by_steps(cell: RCNNCell, inputs: Tensor, heeded: Tensor) -> Tensor:
    """States ``[B, T, H]`` of a cell that passes over what is not heeded."""
    projected = cell.project(inputs)
    state = cell.start(projected[:, 0])
    shown = []
    for step, heed in zip(projected.unbind(1), heeded.unsqueeze(-1).unbind(1), strict=True):
        after = cell.step(step, state)
        state = tuple(torch.where(heed, new, old) for new, old in zip(after, state, strict=True))
        shown.append(state[0])
    return torch.stack(shown, dim=1)
