"""Output layers of the language model. A new kind is one class here and one line in ``OUTPUT_SOFTMAXES``."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.initialization import linear


class OutputSoftmax(nn.Module, ABC):
    """p(word | state) over a vocabulary whose ids fall with the frequency of the words.

    Args:
        state_size: H.
        words: V, the size of the vocabulary.
        reserved: number of ids from 0 on that are no words and never sampled, such as unknown words and padding.
    """

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__()
        self.state_size = state_size
        self.words = words
        self.reserved = reserved

    @abstractmethod
    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Compute the log probabilities ``[N]`` of ids ``[N]`` after states ``[N, H]``."""

    @property
    @abstractmethod
    def head(self) -> nn.Linear:
        """Layer from states to F frequent words and C clusters of the words whose ids follow."""

    @property
    @abstractmethod
    def tails(self) -> Sequence[tuple[Tensor, ...]]:
        """Weights ``[D, H]`` and ``[V, D]`` of the two layers from states to the V words of each cluster."""

    @final
    def icdf(self, states: Tensor, noise: Tensor) -> Tensor:
        """Sample words ``[N]``, but no reserved ids, by the inverse cdf at uniform noise ``[N]``.

        The noise first selects a frequent word or a cluster, then a word of the cluster, by its place within the
        cluster's share. On a processor continuation.cpp does the same for all classes.
        """
        found, rest = softmax_icdf(self.head(states)[:, self.reserved :], noise)
        found += self.reserved
        column = start = self.head.out_features - len(self.tails)  # of the first cluster; where its ids begin
        clusters = found.clone()
        for first, second in self.tails:
            rows = (clusters == column).nonzero().squeeze(1)
            found[rows] = start + softmax_icdf(states[rows] @ first.T @ second.T, rest[rows])[0]
            column, start = column + 1, start + len(second)
        return found


class FullSoftmax(OutputSoftmax):
    """A single softmax over all words."""

    tails = ()

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        self.layer = linear(state_size, words)

    @property
    def head(self) -> nn.Linear:
        """Layer from states to all words."""
        return self.layer

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Compute the log probability of each word under the softmax."""
        return -nn.functional.cross_entropy(self.layer(states), words, reduction="none")


class AdaptiveSoftmax(OutputSoftmax):
    """Adaptive softmax over frequent words and clusters of rarer words (Grave et al., 2017).

    Training and sampling compute the scores of rare words only where a rare word comes up.
    """

    CUTOFFS = (200, 1000, 5000)
    """Ids at which clusters begin, as far as the vocabulary has them."""

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        cutoffs = [cutoff for cutoff in self.CUTOFFS if reserved < cutoff < words] or [words - 1]
        self.layer = nn.AdaptiveLogSoftmaxWithLoss(state_size, words, cutoffs, div_value=2.0)

    @property
    def head(self) -> nn.Linear:
        """Layer from states to the frequent words and the clusters."""
        return self.layer.head

    @property
    def tails(self) -> Sequence[tuple[Tensor, ...]]:
        """Weights of the clusters, with smaller projections for rarer words."""
        return [tuple(tail.parameters()) for tail in self.layer.tail]

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Compute the log probability of each word; of a rare word, its cluster's plus its own within the cluster."""
        log_probs: Tensor = self.layer(states, words).output
        return log_probs


def softmax_icdf(logits: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Evaluate the inverse cdf of a softmax over ``logits [N, V]`` at ``noise [N]`` in [0, 1), of the same type.

    Returns:
        Ids ``[N]``, and the place of the noise within the share of its id, ``[N]``, which is uniform noise again.
    """
    below = (logits - logits.amax(1, keepdim=True)).exp_().cumsum(1)
    mass = (noise * below[:, -1]).unsqueeze(1)
    last = torch.searchsorted(below, below[:, -1:].contiguous())  # of those with a share at all
    found = torch.searchsorted(below, mass, right=True).minimum(last)
    before = below.gather(1, (found - 1).clamp(min=0)) * (found > 0)
    rest = (mass - before) / (below.gather(1, found) - before)
    return found.squeeze(1), rest.squeeze(1)


OUTPUT_SOFTMAXES: dict[str, type[OutputSoftmax]] = {"adaptive": AdaptiveSoftmax, "full": FullSoftmax}
