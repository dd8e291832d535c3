"""Bidirectional LSTM (Hochreiter & Schmidhuber, 1997)."""

from torch import Tensor, nn

from latent_rationale.common.nn.encoders.bidirectional import last_states, run_both_ways
from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.nn.initialization import glorot_lstms_
from latent_rationale.common.structures import Tokens


class LSTM(Encoder):
    """Encoder by one LSTM that reads from left to right and one that reads from right to left.

    Each is a ``torch.nn.LSTM``, for which PyTorch has fast code on every device.

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
        return run_both_ways(lambda x: self.forwards(x)[0], lambda x: self.backwards(x)[0], inputs, lengths, z)
