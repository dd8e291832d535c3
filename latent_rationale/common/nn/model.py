"""Abstract models: a model of any task, and a model of a single text."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from latent_rationale.common.structures import Batch, Output, Tokens


class Model(nn.Module, ABC):
    """Network that can be trained, evaluated, saved and used for prediction.

    Attributes:
        embedding: lookup table from ids to vectors. All parts of the model share it.
    """

    embedding: nn.Embedding

    @abstractmethod
    def forward(self, batch: Batch) -> Output:
        """Compute the scores of a batch and, if the model has them, its rationale or attention."""


class TextModel(Model):
    """Model of one text, whose words can be given as ids or as embeddings.

    Args:
        embedding: lookup table from ids to vectors ``[V, D]``; trained only if its weight requires a gradient.
    """

    def __init__(self, embedding: nn.Embedding):
        super().__init__()
        self.embedding = embedding

    def forward(self, batch: Batch) -> Output:
        """Compute scores ``[B, C]`` and the rationale or attention that they depend on."""
        (tokens,) = batch.inputs
        return self.forward_embedded(self.embedding(tokens.ids), tokens)

    @abstractmethod
    def forward_embedded(self, embedded: Tensor, tokens: Tokens) -> Output:
        """Compute the output for words that are embedded already.

        Args:
            embedded: word vectors ``[B, T, D]``.
            tokens: mask and lengths of the texts.
        """
