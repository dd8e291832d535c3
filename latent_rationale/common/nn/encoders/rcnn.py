"""Bidirectional RCNN (Lei, Barzilay & Jaakkola, 2016; paper, appendix B.1.1)."""

from functools import partial

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.cells import RCNNCell
from latent_rationale.common.nn.encoders.bidirectional import last_states, run_both_ways
from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.ops.encoder import DirectionWeights, encode
from latent_rationale.common.structures import Tokens


class RCNN(Encoder):
    """Encoder by one RCNN that reads from left to right and one that reads from right to left.

    A word with z = 0 leaves the state unchanged, so that only the selected words need to be read. On a CPU, the
    compiled operator of encoder.cpp runs both directions at once; on other devices ``RCNNCell`` runs step by step.

    Args:
        input_size: size of a word vector, D.
        hidden_size: number of units per direction, H.
        skip_unselected: ignored; an RCNN always skips unselected words.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = True):
        super().__init__(2 * hidden_size, skip_unselected=True)
        self.forwards = RCNNCell(input_size, hidden_size)
        self.backwards = RCNNCell(input_size, hidden_size)

    def init_long_memory(self) -> None:
        """Initialize the decay near 0.95.

        With the decay of 0.5 that a bias of 0 gives, a word has little effect on the state two words later.
        """
        for cell in (self.forwards, self.backwards):
            nn.init.constant_(cell.bias[: cell.hidden_size], 3.0)  # sigmoid(3) = 0.953

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Return the states of both directions at each word, ``[B, T, 2H]``."""
        return self._run(inputs, tokens.lengths)

    def encode(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Return the last states of both directions, ``[B, 2H]``."""
        return last_states(self._run(inputs, tokens.lengths, z), tokens.lengths)

    def _run(self, inputs: Tensor, lengths: Tensor, z: Tensor | None = None) -> Tensor:
        """Compute states ``[B, T, 2H]`` for inputs ``[B, T, D]`` times z ``[B, T]``."""
        weights = (_weights(self.forwards), _weights(self.backwards))
        compiled = encode(RCNNCell.name, inputs, lengths, z, *weights)
        return self._run_by_steps(inputs, lengths, z) if compiled is None else compiled

    def _run_by_steps(self, inputs: Tensor, lengths: Tensor, z: Tensor | None) -> Tensor:
        """Compute the states step by step with ``RCNNCell``, on any device."""
        return run_both_ways(partial(_by_steps, self.forwards), partial(_by_steps, self.backwards), inputs, lengths, z)


def _weights(cell: RCNNCell) -> DirectionWeights:
    return DirectionWeights(cell.input_weight, cell.recurrent_weight, cell.bias)


def _by_steps(cell: RCNNCell, inputs: Tensor) -> Tensor:
    """Return the hidden states ``[B, T, H]`` of a cell that reads ``inputs [B, T, D]`` from left to right."""
    projected = cell.project(inputs)  # [B, T, 3H] in one product; only the recurrent part remains for the loop
    state = cell.start(projected[:, 0])
    hidden = []
    for step in projected.unbind(1):  # [B, 3H], one word of each sentence
        state = cell.step(step, state)
        hidden.append(state[0])
    return torch.stack(hidden, dim=1)
