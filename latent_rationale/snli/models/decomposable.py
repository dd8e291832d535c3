"""Decomposable attention (Parikh et al., 2016): words without order, but for what they attend to around them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.nn.padding import per_word
from latent_rationale.common.structures import Tokens
from latent_rationale.snli.attention import MakeAttention, SelfAttention
from latent_rationale.snli.models.alignment_model import AlignmentModel


class DecomposableAttention(AlignmentModel):
    """Reads a word as its embedding, projected; with self-attention, beside what it attends to in its own sentence.

    Args:
        embedding: ids to vectors.
        make_attention: from the size of a word's state to what links the words of both sentences.
        hidden_size: units of the networks that compare and aggregate.
        output_size: C.
        dropout: in those networks.
        projection_size: units of the projection; None reads embeddings as they are.
        make_self_attention: from the size of a word to what links the words of one sentence; None for none.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        make_attention: MakeAttention,
        hidden_size: int,
        output_size: int,
        dropout: float,
        projection_size: int | None = None,
        make_self_attention: Callable[[int], SelfAttention] | None = None,
    ):
        size = projection_size or embedding.embedding_dim
        state_size = size if make_self_attention is None else 2 * size
        super().__init__(embedding, make_attention, state_size, hidden_size, output_size, dropout)
        self.projection = nn.Identity() if projection_size is None else linear(embedding.embedding_dim, projection_size)
        self.self_attention = None if make_self_attention is None else make_self_attention(size)

    def read(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """States ``[B, T, D]``."""
        (words,) = per_word(self.projection, [embedded], [tokens.mask])
        if self.self_attention is None:
            return words
        return torch.cat([words, self.self_attention(words, tokens) @ words], dim=-1)
