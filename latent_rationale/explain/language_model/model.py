"""A language model that reads in both directions, to say what else could stand around a phrase."""

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import LSTM
from latent_rationale.common.nn.padding import real_words
from latent_rationale.common.structures import Batch, Output
from latent_rationale.explain.language_model.output_softmax import OutputSoftmax


class LanguageModel(nn.Module):
    """Two LSTMs: one says each word from those before it, the other from those behind it (Jin et al., section 3.2).

    Either says nothing of the word that it reads first.

    Args:
        embedding: the embedding of V words.
        choice: the distribution p(word | state), shared by both directions.
        dropout: the dropout rate of the embeddings and of the states.
    """

    def __init__(self, embedding: nn.Embedding, choice: OutputSoftmax, dropout: float):
        super().__init__()
        self.embedding = embedding
        self.encoder = LSTM(embedding.embedding_dim, choice.state_size)
        self.choice = choice
        self.dropout = Dropout(dropout)

    def forward(self, batch: Batch) -> Output:
        """As scores the log probabilities of the words themselves, forwards and backwards ``[B, T, 2]``.

        They are 0 where nothing is said: of unknown words, at padding, at the first word forwards, at the last word
        backwards.
        """
        (tokens,) = batch.inputs
        ids, mask = tokens.ids, tokens.mask
        states = self.encoder.states(self.dropout(self.embedding(ids)), tokens)
        after, before = self.dropout(states).chunk(2, dim=-1)
        # Of two neighbours forwards the second is said, backwards the first.
        forwards = self._log_probs(after[:, :-1], ids[:, 1:], mask[:, 1:])
        backwards = self._log_probs(before[:, 1:], ids[:, :-1], mask[:, 1:])
        nothing = forwards.new_zeros(len(ids), 1)
        return Output(
            torch.stack([torch.cat([nothing, forwards], dim=1), torch.cat([backwards, nothing], dim=1)], dim=-1)
        )

    def _log_probs(self, states: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """``[B, T]`` of ids ``[B, T]`` after states ``[B, T, H]``; 0 where the mask is false or the word unknown."""
        mask = mask & (words >= self.choice.reserved)
        places = real_words(mask)
        log_probs = self.choice.log_prob(states.flatten(0, 1)[places], words.flatten()[places])
        return log_probs.new_zeros(mask.numel()).index_copy(0, places, log_probs).view_as(mask) * mask
