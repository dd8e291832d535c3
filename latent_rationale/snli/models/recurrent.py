"""Model of two sentences whose words are encoded in context by LSTMs."""

from typing import cast

from torch import Tensor, nn

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import LSTM
from latent_rationale.common.nn.initialization import glorot_lstms_
from latent_rationale.common.structures import Tokens
from latent_rationale.snli.attention import MakeAttention
from latent_rationale.snli.models.alignment_model import AlignmentModel


class Recurrent(AlignmentModel):
    """Model whose word states are the states of an LSTM, or of several stacked LSTMs.

    Args:
        embedding: lookup table from ids to vectors.
        make_attention: function from the size of a word's state to the attention between both sentences.
        hidden_size: number of units of an LSTM per direction, and of the networks that compare and aggregate.
        output_size: number of scores, C.
        dropout: dropout rate of the input of each LSTM and in the networks.
        layers: number of stacked LSTMs.
        bidirectional: whether the LSTMs read in both directions.
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

    def encode(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Return the states ``[B, T, D]`` of embedded words ``[B, T, E]``."""
        states = embedded
        for layer in self.layers:
            states = cast(LSTM | ForwardLSTM, layer).states(self.dropout(states), tokens)
        return states


class ForwardLSTM(nn.Module):
    """LSTM that reads from left to right; padding comes after the words and does not affect their states.

    Args:
        input_size: size of an input, D.
        hidden_size: number of units, H.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
        glorot_lstms_(self)

    def states(self, inputs: Tensor, tokens: Tokens) -> Tensor:
        """Return one state per word, ``[B, T, H]``, for inputs ``[B, T, D]``."""
        states: Tensor = self.lstm(inputs)[0]
        return states
