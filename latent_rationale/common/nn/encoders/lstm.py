"""A bidirectional LSTM (Hochreiter & Schmidhuber, 1997)."""

from torch import Tensor, nn

from latent_rationale.common.nn.encoders.bidirectional import last_states, run_both_ways
from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.nn.initialization import glorot_lstms_
from latent_rationale.common.structures import Tokens


class LSTM(Encoder):
    """One LSTM that reads each sentence from left to right, and one that reads it from right to left.

    Each is a ``torch.nn.LSTM``, for which PyTorch has fast code on every device.

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
        return run_both_ways(lambda x: self.forwards(x)[0], lambda x: self.backwards(x)[0], inputs, lengths, z)
