"""Decomposable attention (Parikh et al., 2016), which ignores the order of words except by self-attention."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.nn.padding import per_word
from latent_rationale.common.structures import Tokens
from latent_rationale.snli.attention import MakeAttention, SelfAttention
from latent_rationale.snli.models.alignment_model import AlignmentModel


class DecomposableAttention(AlignmentModel):
    """Model whose word states are projected embeddings, with self-attention concatenated to what they attend to.

    Args:
        embedding: lookup table from ids to vectors.
        make_attention: function from the size of a word's state to the attention between both sentences.
        hidden_size: number of units of the networks that compare and aggregate.
        output_size: number of scores, C.
        dropout: dropout rate in these networks.
        projection_size: number of units of the projection; None for embeddings without a projection.
        make_self_attention: function from the size of a projected word to a self-attention; None for none.
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

    def encode(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Return the states ``[B, T, D]`` of embedded words ``[B, T, E]``."""
        (words,) = per_word(self.projection, [embedded], [tokens.mask])
        if self.self_attention is None:
            return words
        # [B, T, T] @ [B, T, P]: what each word attends to, beside the word itself.
        return torch.cat([words, self.self_attention(words, tokens) @ words], dim=-1)
