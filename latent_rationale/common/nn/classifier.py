"""Classifier p(y|x, z) of the selected words."""

from torch import Tensor, nn

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import Encoder
from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.structures import Tokens


class Classifier(nn.Module):
    """Linear layer on an encoder's summary of a text.

    The encoder of a classifier starts with a long memory; the encoder of a selector does not. A selector with a long
    memory learns to predict the score itself before the classifier has learned to read, and then signals the score by
    the number of words that it selects.

    Args:
        encoder: encoder of the text.
        output_size: number of scores, C.
        dropout: dropout rate of the embeddings and of the input of the output layer.
    """

    def __init__(self, encoder: Encoder, output_size: int, dropout: float):
        super().__init__()
        self.encoder = encoder
        encoder.init_long_memory()
        self.dropout = Dropout(dropout)
        self.output = linear(encoder.output_size, output_size)

    def forward(self, embedded: Tensor, tokens: Tokens, z: Tensor | None = None) -> Tensor:
        """Compute scores ``[B, C]``.

        Args:
            embedded: word vectors ``[B, T, D]``.
            tokens: mask and lengths of the texts.
            z: choices ``[B, T]``; each word is read as z times its embedding. None reads the full text.
        """
        summary = self.encoder.summary(embedded, tokens, z, self.dropout)  # [B, O]
        scores: Tensor = self.output(self.dropout(summary))
        return scores
