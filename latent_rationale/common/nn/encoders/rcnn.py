"""A bidirectional RCNN (Lei, Barzilay & Jaakkola, 2016; paper, appendix B.1.1)."""

from functools import partial

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.cells import RCNNCell
from latent_rationale.common.nn.encoders.bidirectional import last_states, run_both_ways
from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.ops.encoder import DirectionWeights, encode
from latent_rationale.common.structures import Tokens


class RCNN(Encoder):
    """One RCNN from left to right and one from right to left.

    A word with z = 0 leaves the state as it was, so that reading the selected words alone gives the same result. On a
    processor the compiled code of encoder.h runs both directions at once; elsewhere ``RCNNCell`` takes step by step.

    Args:
        input_size: D.
        hidden_size: units per direction.
        skip_unselected: has no meaning here: the RCNN always does.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = True):
        super().__init__(2 * hidden_size, skip_unselected=True)
        self.forwards = RCNNCell(input_size, hidden_size)
        self.backwards = RCNNCell(input_size, hidden_size)

    def init_long_memory(self) -> None:
        """Let the decay start near 0.95 and not at a half, where two words later little is left of a word."""
        for cell in (self.forwards, self.backwards):
            nn.init.constant_(cell.bias[: cell.hidden_size], 3.0)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Both directions' states at each word."""
        return self._run(inputs, tokens.lengths)

    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Both directions' last states."""
        return last_states(self._run(inputs, tokens.lengths, z), tokens.lengths)

    def _run(self, inputs: Tensor, lengths: Tensor, z: Tensor | None = None) -> Tensor:
        """States ``[B, T, 2H]`` for inputs ``[B, T, D]`` times z ``[B, T]``."""
        weights = (_weights(self.forwards), _weights(self.backwards))
        compiled = encode(RCNNCell.name, inputs, lengths, z, *weights)
        return self._run_by_steps(inputs, lengths, z) if compiled is None else compiled

    def _run_by_steps(self, inputs: Tensor, lengths: Tensor, z: Tensor | None) -> Tensor:
        """Take step by step with ``RCNNCell``, on any device."""
        return run_both_ways(partial(_by_steps, self.forwards), partial(_by_steps, self.backwards), inputs, lengths, z)


def _weights(cell: RCNNCell) -> DirectionWeights:
    return DirectionWeights(cell.input_weight, cell.recurrent_weight, cell.bias)


def _by_steps(cell: RCNNCell, inputs: Tensor) -> Tensor:
    """The states ``[B, T, H]`` of a cell that reads ``inputs [B, T, D]`` from the first to the last."""
    projected = cell.project(inputs)
    state = cell.start(projected[:, 0])
    shown = []
    for step in projected.unbind(1):
        state = cell.step(step, state)
        shown.append(state[0])
    return torch.stack(shown, dim=1)
