"""p(y|x, z): a prediction from the words that were selected."""

from torch import Tensor, nn

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import Encoder
from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.structures import Tokens


class Classifier(nn.Module):
    """An encoder's summary of a sentence, and a linear layer on top.

    The encoder starts with a long memory; that of a selector does not. A selector that sees far before the classifier
    has learned to read is quick to learn the score itself, and to signal it by how much it selects.

    Args:
        encoder: reads the sentence.
        output_size: C.
        dropout: on the embeddings, and before the output layer.
    """

    def __init__(self, encoder: Encoder, output_size: int, dropout: float):
        super().__init__()
        self.encoder = encoder
        encoder.init_long_memory()
        self.dropout = Dropout(dropout)
        self.output = linear(encoder.output_size, output_size)

    def forward(self, embedded: Tensor, tokens: Tokens, z: Tensor | None = None) -> Tensor:
        """Scores ``[B, C]`` from embedded words ``[B, T, D]``, each read as z ``[B, T]`` times its embedding."""
        summary = self.encoder.summary(embedded, tokens, z, self.dropout)
        scores: Tensor = self.output(self.dropout(summary))
        return scores
