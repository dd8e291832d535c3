"""A bidirectional LSTM that is fast on a processor."""

from torch import Tensor, nn

from latent_rationale.common.nn.encoders.bidirectional import last_states, run_both_ways
from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.nn.initialization import glorot_lstms_
from latent_rationale.common.ops.library import is_compiled
from latent_rationale.common.ops.recurrence import Weights, run_compiled
from latent_rationale.common.structures import Tokens


class LSTM(Encoder):
    """One LSTM that reads each sentence from left to right, and one that reads it from right to left.

    On a processor the compiled code of lstm.cpp runs both at once; elsewhere, and where it could not be compiled,
    ``torch.nn.LSTM`` does.

    Args:
        input_size: D.
        hidden_size: H, units per direction.
        skip_unselected: leave the state as it was where z = 0, instead of reading a zero there.
    """

    def __init__(self, input_size: int, hidden_size: int, skip_unselected: bool = False):
        super().__init__(2 * hidden_size, skip_unselected)
        self.forwards = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.backwards = nn.LSTM(input_size, hidden_size, batch_first=True)
        glorot_lstms_(self)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Both directions' states at each word."""
        return self._run(inputs, tokens.lengths)

    def read(self, inputs: Tensor, tokens: Tokens, z: Tensor | None) -> Tensor:
        """Both directions' last states."""
        return last_states(self._run(inputs, tokens.lengths, z), tokens.lengths)

    def _run(self, inputs: Tensor, lengths: Tensor, z: Tensor | None = None) -> Tensor:
        """States ``[B, T, 2H]`` for inputs ``[B, T, D]`` times z ``[B, T]``."""
        if inputs.device.type == "cpu" and is_compiled():
            return run_compiled("lstm", inputs, lengths, z, *map(_weights, (self.forwards, self.backwards)))
        return self._run_elsewhere(inputs, lengths, z)

    def _run_elsewhere(self, inputs: Tensor, lengths: Tensor, z: Tensor | None) -> Tensor:
        """With ``torch.nn.LSTM``."""
        return run_both_ways(lambda x: self.forwards(x)[0], lambda x: self.backwards(x)[0], inputs, lengths, z)


def _weights(lstm: nn.LSTM) -> Weights:
    """Torch has two biases where one would do."""
    inputs, recurrent, input_bias, recurrent_bias = lstm.all_weights[0]
    return Weights(inputs, recurrent, input_bias + recurrent_bias)
