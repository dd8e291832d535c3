"""Output distributions of the language model; to add one, write a class and a line in ``OUTPUT_SOFTMAXES``."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from latent_rationale.common.nn.initialization import linear


class OutputSoftmax(nn.Module, ABC):
    """Distribution p(word | state) over a vocabulary sorted by falling frequency, with two levels.

    The first level (``head``) is a softmax over F frequent words and C clusters; the second level (``tails``) is one
    softmax per cluster over its words. A plain softmax is the case without clusters.

    Args:
        state_size: H, the number of units of a state.
        words: V, the size of the vocabulary.
        reserved: the number of ids, counted from 0, that stand for no word and are never sampled (unknown, padding).
    """

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__()
        self.state_size = state_size
        self.words = words
        self.reserved = reserved

    @abstractmethod
    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Return log probabilities ``[N]`` of word ids ``[N]`` given states ``[N, H]``."""

    @property
    @abstractmethod
    def head(self) -> nn.Linear:
        """Linear layer of the first level, ``[N, H]`` to logits ``[N, F + C]``."""

    @property
    @abstractmethod
    def tails(self) -> Sequence[tuple[Tensor, ...]]:
        """Weights ``[D, H]`` and ``[W, D]`` of the two linear layers of each cluster of W words."""

    @final
    def icdf(self, states: Tensor, noise: Tensor) -> Tensor:
        """Sample one word per state by inverting the cumulative distribution function, without the reserved ids.

        One uniform number decides both levels: its position within the probability of a cluster is again uniform on
        [0, 1) and selects a word of the cluster. On a CPU, ``csrc/continuation.cpp`` implements this method for all
        subclasses.

        Args:
            states: ``[N, H]``.
            noise: uniform numbers in [0, 1), ``[N]``.

        Returns:
            Word ids, int64 ``[N]``.
        """
        # Dropping the columns of the reserved ids before the softmax renormalises over the other words.
        found, rest = softmax_icdf(self.head(states)[:, self.reserved :], noise)
        found += self.reserved
        # The head has one column per frequent word, then one per cluster: the first cluster has column F, and its
        # words have the ids from F on.
        column = start = self.head.out_features - len(self.tails)
        clusters = found.clone()  # found changes below, and word ids may equal the columns of later clusters
        for first, second in self.tails:
            rows = (clusters == column).nonzero().squeeze(1)
            found[rows] = start + softmax_icdf(states[rows] @ first.T @ second.T, rest[rows])[0]
            column, start = column + 1, start + len(second)
        return found


class FullSoftmax(OutputSoftmax):
    """Softmax over the whole vocabulary, without clusters."""

    tails = ()

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        self.layer = linear(state_size, words)

    @property
    def head(self) -> nn.Linear:
        """Linear layer from states to the logits of all words."""
        return self.layer

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Return log probabilities ``[N]`` of word ids ``[N]`` given states ``[N, H]``."""
        return -nn.functional.cross_entropy(self.layer(states), words, reduction="none")


class AdaptiveSoftmax(OutputSoftmax):
    """Adaptive softmax: frequent words in the first level, rarer words in clusters (Grave et al., 2017).

    Training and sampling evaluate a cluster only for the states whose word lies in it.
    """

    CUTOFFS = (200, 1000, 5000)
    """First id of each cluster; those beyond the vocabulary are left out."""

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        # A vocabulary too small for the first cutoff still needs one cluster: that of its last word.
        cutoffs = [cutoff for cutoff in self.CUTOFFS if reserved < cutoff < words] or [words - 1]
        self.layer = nn.AdaptiveLogSoftmaxWithLoss(state_size, words, cutoffs, div_value=2.0)

    @property
    def head(self) -> nn.Linear:
        """Linear layer from states to the logits of the frequent words and the clusters."""
        return self.layer.head

    @property
    def tails(self) -> Sequence[tuple[Tensor, ...]]:
        """Weights of the two layers of each cluster; the inner size D shrinks with the frequency of the words."""
        return [tuple(tail.parameters()) for tail in self.layer.tail]

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Return log probabilities ``[N]`` of word ids ``[N]``; rare words: p(cluster | state) p(word | cluster)."""
        log_probs: Tensor = self.layer(states, words).output
        return log_probs


def softmax_icdf(logits: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Evaluate the inverse cumulative distribution function of a softmax.

    Args:
        logits: ``[N, V]``.
        noise: uniform numbers in [0, 1), ``[N]``, of the dtype of the logits.

    Returns:
        Indices ``[N]``; and the relative position of the noise within the probability of its index, ``[N]``, which is
        uniform on [0, 1) again.
    """
    # Cumulative sums of exp(logits - max) [N, V]: unnormalised, so the noise is scaled by the total instead.
    below = (logits - logits.amax(1, keepdim=True)).exp_().cumsum(1)
    mass = (noise * below[:, -1]).unsqueeze(1)
    # Rounding can lift the scaled noise to the total, and searchsorted then points behind the last index with a
    # probability above 0. That index is the first one whose cumulative sum is the total.
    last = torch.searchsorted(below, below[:, -1:].contiguous())
    found = torch.searchsorted(below, mass, right=True).minimum(last)
    before = below.gather(1, (found - 1).clamp(min=0)) * (found > 0)
    rest = (mass - before) / (below.gather(1, found) - before)
    return found.squeeze(1), rest.squeeze(1)


OUTPUT_SOFTMAXES: dict[str, type[OutputSoftmax]] = {"adaptive": AdaptiveSoftmax, "full": FullSoftmax}
