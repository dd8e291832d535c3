"""Words in the context that LSTMs see."""

from typing import cast

from torch import Tensor, nn

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import LSTM
from latent_rationale.common.nn.initialization import glorot_lstms_
from latent_rationale.common.structures import Tokens
from latent_rationale.snli.attention import MakeAttention
from latent_rationale.snli.models.alignment_model import AlignmentModel


class Recurrent(AlignmentModel):
    """Reads a word as the states of LSTMs at its place.

    Args:
        embedding: ids to vectors.
        make_attention: from the size of a word's state to what links the words of both sentences.
        hidden_size: units of an LSTM per direction, and of the networks that compare and aggregate.
        output_size: C.
        dropout: before each LSTM, and in the networks.
        layers: LSTMs one above the other.
        bidirectional: each reads from both sides.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        make_attention: MakeAttention,
        hidden_size: int,
        output_size: int,
        dropout: float,
        layers: int = 1,
        bidirectional: bool = True,
    ):
        size = 2 * hidden_size if bidirectional else hidden_size
        super().__init__(embedding, make_attention, size, hidden_size, output_size, dropout)
        layer = LSTM if bidirectional else ForwardLSTM
        sizes = [embedding.embedding_dim, *[size] * (layers - 1)]
        self.layers = nn.ModuleList(layer(input_size, hidden_size) for input_size in sizes)
        self.dropout = Dropout(dropout)

    def read(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """States ``[B, T, D]``."""
        states = embedded
        for layer in self.layers:
            states = cast(LSTM | ForwardLSTM, layer).states(self.dropout(states), tokens)
        return states


class ForwardLSTM(nn.Module):
    """An LSTM from left to right, for which padding comes last and changes nothing.

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
        glorot_lstms_(self)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """One state per word, ``[B, T, H]``."""
        states: Tensor = self.lstm(inputs)[0]
        return states
