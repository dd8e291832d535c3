"""Attend, compare, aggregate: what all models of two sentences share (Parikh et al., 2016, section 3)."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from latent_rationale.common.dropout import Dropout
from latent_rationale.common.initialisation import linear
from latent_rationale.common.structures import Batch, Output, Tokens
from latent_rationale.snli.attention import MakeAttention, feed_forward, pair_mask


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
        premise, hypothesis = batch.inputs
        premise_states, hypothesis_states = (self.read(self.embedding(tokens.ids), tokens) for tokens in batch.inputs)
        links = self.attention(premise_states, hypothesis_states, pair_mask(premise, hypothesis))
        compared = (
            self._compare(premise_states, links.p2h @ hypothesis_states, premise),
            self._compare(hypothesis_states, links.h2p @ premise_states, hypothesis),
        )
        scores = self.output(self.aggregate(torch.cat(compared, dim=-1)))
        return Output(scores, links.rationale, (links.p2h, links.h2p) if links.rationale is None else ())

    def _compare(self, states: Tensor, linked: Tensor, tokens: Tokens) -> Tensor:
        """The sum ``[B, H]`` over the words of a sentence, each with what it is linked to, ``[B, T, D]`` both."""
        compared: Tensor = self.compare(torch.cat([states, linked], dim=-1))
        return (compared * tokens.mask.unsqueeze(-1)).sum(1)
