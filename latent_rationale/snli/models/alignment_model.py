"""Attend, compare, aggregate: what all models of two sentences share (Parikh et al., 2016, section 3)."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.nn.padding import per_word
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.snli.attention import MakeAttention, feed_forward


class AlignmentModel(nn.Module, ABC):
    """Compares each word with what it is linked to in the other sentence, and judges from the sums.

    Args:
        embedding: ids to vectors.
        make_attention: from D to what links the words of both sentences.
        state_size: D, of a word's state.
        hidden_size: units of the networks that compare and aggregate.
        output_size: C.
        dropout: in those networks.
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
    def read(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Embedded words ``[B, T, E]`` of one sentence to states ``[B, T, D]``."""

    def forward(self, batch: Batch) -> Output:
        """Scores ``[B, C]``, with softmax attention in both directions or the links that were selected."""
        premise, hypothesis = (self.read(self.embedding(tokens.ids), tokens) for tokens in batch.inputs)
        left, right = (tokens.mask for tokens in batch.inputs)
        links = self.attention((premise, hypothesis), (left, right))
        aligned = (
            torch.cat([premise, links.p2h @ hypothesis], dim=-1),
            torch.cat([hypothesis, links.h2p @ premise], dim=-1),
        )
        compared = per_word(self.compare, aligned, (left, right))
        scores = self.output(self.aggregate(torch.cat([words.sum(1) for words in compared], dim=-1)))
        return Output(scores, links.rationale, (links.p2h, links.h2p) if links.rationale is None else ())
