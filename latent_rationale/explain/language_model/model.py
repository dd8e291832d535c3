"""Bidirectional language model from which the contexts of phrases are sampled."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.encoders import LSTM
from latent_rationale.common.nn.model import Model
from latent_rationale.common.nn.padding import real_words
from latent_rationale.common.structures import Batch, Output
from latent_rationale.explain.language_model.output_softmax import OutputSoftmax


class LanguageModel(Model):
    """Two LSTMs that predict each word from the words before it, and from the words after it (Jin et al., section 3.2).

    Neither direction predicts the word that it reads first.

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
        """Log probabilities of the words themselves as scores, forwards and backwards ``[B, T, 2]``.

        The mask of the output is false, and the score 0, where no word is predicted: at unknown words and padding, at
        the first word forwards and at the last word backwards.
        """
        (tokens,) = batch.inputs
        ids, mask = tokens.ids, tokens.mask
        states = self.encoder.states(self.dropout(self.embedding(ids)), tokens)
        after, before = self.dropout(states).chunk(2, dim=-1)
        # Of two neighbours, the forward LSTM predicts the second and the backward LSTM the first.
        known = ids >= self.choice.reserved
        second, first = mask[:, 1:] & known[:, 1:], mask[:, 1:] & known[:, :-1]
        forwards = self._log_probs(after[:, :-1], ids[:, 1:], second)
        backwards = self._log_probs(before[:, 1:], ids[:, :-1], first)
        return Output(_both_ways(forwards, backwards), mask=_both_ways(second, first))

    def _log_probs(self, states: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """Log probabilities ``[B, T]`` of ids ``[B, T]`` after states ``[B, T, H]``; 0 where the mask is false."""
        places = real_words(mask)
        log_probs = self.choice.log_prob(states.flatten(0, 1)[places], words.flatten()[places])
        return log_probs.new_zeros(mask.numel()).index_copy(0, places, log_probs).view_as(mask) * mask


def _both_ways(forwards: Tensor, backwards: Tensor) -> Tensor:
    """Stack ``[B, T - 1]`` of each direction as ``[B, T, 2]``, with zeros at the word that is read first."""
    return torch.stack([functional.pad(forwards, (1, 0)), functional.pad(backwards, (0, 1))], dim=-1)
