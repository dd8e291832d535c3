"""What every model of one text can do."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from latent_rationale.common.structures import Batch, Output, Tokens


class TextModel(nn.Module, ABC):
    """Reads a text by its embedding. It owns the one embedding, which all its parts read.

    Args:
        embedding: ids to vectors; differentiated only where its weight asks for it.
    """

    def __init__(self, embedding: nn.Embedding):
        super().__init__()
        self.embedding = embedding

    def forward(self, batch: Batch) -> Output:
        """Scores ``[B, C]``, and what they rest on."""
        (tokens,) = batch.inputs
        return self.read(self.embedding(tokens.ids), tokens)

    @abstractmethod
    def read(self, embedded: Tensor, tokens: Tokens) -> Output:
        """The same from embedded words ``[B, T, D]``."""
