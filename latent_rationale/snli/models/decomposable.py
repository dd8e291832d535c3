"""Decomposable attention (Parikh et al., 2016): words without order, but for what they attend to around them."""

import torch
from torch import Tensor, nn

from latent_rationale.common.initialisation import linear
from latent_rationale.common.structures import Tokens
from latent_rationale.snli.attention import CrossAttention, SelfAttention
from latent_rationale.snli.models.alignment_model import AlignmentModel


class Decomposable(AlignmentModel):
    """Reads a word as its embedding, projected; with self-attention, beside what it attends to in its own sentence.

    Args:
        embedding: ids to vectors.
        attention: links the words of both sentences.
        hidden_size: units of the networks that compare and aggregate.
        output_size: C.
        dropout: in those networks.
        projection_size: units of the projection; None reads embeddings as they are.
        self_attention: over words as they are read; None for none.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        attention: CrossAttention,
        hidden_size: int,
        output_size: int,
        dropout: float,
        projection_size: int | None = None,
        self_attention: SelfAttention | None = None,
    ):
        size = projection_size or embedding.embedding_dim
        super().__init__(
            embedding, attention, size if self_attention is None else 2 * size, hidden_size, output_size, dropout
        )
        self.projection = nn.Identity() if projection_size is None else linear(embedding.embedding_dim, projection_size)
        self.self_attention = self_attention

    def read(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """States ``[B, T, D]``."""
        words: Tensor = self.projection(embedded)
        if self.self_attention is None:
            return words
        return torch.cat([words, self.self_attention(words, tokens) @ words], dim=-1)
