"""Bidirectional LSTM that is fast on a CPU."""

from torch import Tensor, nn

from latent_rationale.common.nn.encoders.bidirectional import last_states, run_both_ways
from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.nn.initialization import glorot_lstms_
from latent_rationale.common.ops.library import is_compiled
from latent_rationale.common.ops.recurrence import Weights, run_compiled
from latent_rationale.common.structures import Tokens


class LSTM(Encoder):
    """Encoder by one LSTM that reads from left to right and one that reads from right to left.

    On a CPU, the compiled operator of lstm.cpp runs both directions at once. On other devices, and where it could not
    be compiled, ``torch.nn.LSTM`` runs them.

    Args:
        input_size: size of a word vector, D.
        hidden_size: number of units per direction, H.
        skip_unselected: if true, words with z = 0 leave the state unchanged; else they are read as zeros.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = False):
        super().__init__(2 * hidden_size, skip_unselected)
        self.forwards = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.backwards = nn.LSTM(input_size, hidden_size, batch_first=True)
        glorot_lstms_(self)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Return the states of both directions at each word, ``[B, T, 2H]``."""
        return self._run(inputs, tokens.lengths)

    def encode(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Return the last states of both directions, ``[B, 2H]``."""
        return last_states(self._run(inputs, tokens.lengths, z), tokens.lengths)

    def _run(self, inputs: Tensor, lengths: Tensor, z: Tensor | None = None) -> Tensor:
        """Compute states ``[B, T, 2H]`` for inputs ``[B, T, D]`` times z ``[B, T]``."""
        if inputs.device.type == "cpu" and is_compiled():
            return run_compiled("lstm", inputs, lengths, z, *map(_weights, (self.forwards, self.backwards)))
        return self._run_elsewhere(inputs, lengths, z)

    def _run_elsewhere(self, inputs: Tensor, lengths: Tensor, z: Tensor | None) -> Tensor:
        """Compute the states by ``torch.nn.LSTM``."""
        return run_both_ways(lambda x: self.forwards(x)[0], lambda x: self.backwards(x)[0], inputs, lengths, z)


def _weights(lstm: nn.LSTM) -> Weights:
    """Return the weights of an LSTM with its two biases, of which torch only uses the sum, as one."""
    inputs, recurrent, input_bias, recurrent_bias = lstm.all_weights[0]
    return Weights(inputs, recurrent, input_bias + recurrent_bias)
