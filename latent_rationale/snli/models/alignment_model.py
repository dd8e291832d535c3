"""Abstract model of two sentences: encode, attend, compare, aggregate (Parikh et al., 2016, section 3)."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.nn.model import Model
from latent_rationale.common.nn.padding import per_word
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.snli.attention import MakeAttention, feed_forward


class AlignmentModel(Model):
    """Model that compares each word with the words it is linked to and classifies from the sums of the comparisons.

    Args:
        embedding: lookup table from ids to vectors.
        make_attention: function from the size of a word's state to the attention between both sentences.
        state_size: size of a word's state, D.
        hidden_size: number of units of the networks that compare and aggregate.
        output_size: number of scores, C.
        dropout: dropout rate in these networks.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        make_attention: MakeAttention,
        state_size: int,
        hidden_size: int,
        output_size: int,
        dropout: float,
    ):
        super().__init__()
        self.embedding = embedding
        self.attention = make_attention(state_size)
        self.compare = feed_forward(2 * state_size, hidden_size, hidden_size, dropout)
        self.aggregate = feed_forward(2 * hidden_size, hidden_size, hidden_size, dropout)
        self.output = nn.Sequential(Dropout(dropout), linear(hidden_size, output_size))

    @abstractmethod
    def encode(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Return states ``[B, T, D]`` of the words of one sentence.

        Args:
            embedded: word vectors ``[B, T, E]``.
            tokens: mask and lengths of the sentences.
        """

    def forward(self, batch: Batch) -> Output:
        """Compute scores ``[B, C]``, and softmax attention in both directions or the rationale of the links."""
        premise, hypothesis = (self.encode(self.embedding(tokens.ids), tokens) for tokens in batch.inputs)
        left, right = (tokens.mask for tokens in batch.inputs)
        links = self.attention((premise, hypothesis), (left, right))
        # Each word, [B, M, D], beside the sum of the words that it is linked to: [B, M, N] @ [B, N, D].
        aligned = (
            torch.cat([premise, links.p2h @ hypothesis], dim=-1),
            torch.cat([hypothesis, links.h2p @ premise], dim=-1),
        )
        compared = per_word(self.compare, aligned, (left, right))
        # Comparisons are zero at padding, so that the sums over words cover real words only: [B, H] for each sentence.
        scores = self.output(self.aggregate(torch.cat([words.sum(1) for words in compared], dim=-1)))
        return Output(scores, links.rationale, (links.p2h, links.h2p) if links.rationale is None else ())
