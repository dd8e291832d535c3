"""How a language model says which word comes next. A new way is one class here and one line in ``OUTPUT_SOFTMAXES``."""

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
        reserved: as many ids from 0 on are no words and never drawn, such as unknown words and padding.
    """

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__()
        self.state_size = state_size
        self.words = words
        self.reserved = reserved

    @abstractmethod
    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Log probabilities ``[N]`` of ids ``[N]`` after states ``[N, H]``."""

    @property
    @abstractmethod
    def head(self) -> nn.Linear:
        """From states to F frequent words, and C clusters of the words whose ids follow."""

    @property
    @abstractmethod
    def tails(self) -> Sequence[tuple[Tensor, ...]]:
        """For each cluster of V words the weights ``[D, H]`` and ``[V, D]`` of two layers, from states to the words."""

    @final
    def icdf(self, states: Tensor, noise: Tensor) -> Tensor:
        """Words ``[N]`` drawn by uniform noise ``[N]``, reserved ids aside.

        First a frequent word or a cluster; then the word of the cluster, by how far into the cluster the noise falls.
        On a processor continuation.cpp does the same, whatever the class.
        """
        found, rest = draw(self.head(states)[:, self.reserved :], noise)
        found += self.reserved
        column = start = self.head.out_features - len(self.tails)  # of the first cluster; where its ids begin
        clusters = found.clone()
        for first, second in self.tails:
            rows = (clusters == column).nonzero().squeeze(1)
            found[rows] = start + draw(states[rows] @ first.T @ second.T, rest[rows])[0]
            column, start = column + 1, start + len(second)
        return found


class FullSoftmax(OutputSoftmax):
    """One softmax over all words."""

    tails = ()

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        self.layer = linear(state_size, words)

    @property
    def head(self) -> nn.Linear:
        """To all words."""
        return self.layer

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Of each word under the softmax."""
        return -nn.functional.cross_entropy(self.layer(states), words, reduction="none")


class AdaptiveSoftmax(OutputSoftmax):
    """Frequent words and clusters of rarer ones first, then a word of the cluster (Grave et al., 2017).

    Training and drawing take time for the rare words only where one comes up.
    """

    CUTOFFS = (200, 1000, 5000)
    """Where clusters begin, as far as the vocabulary goes."""

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        cutoffs = [cutoff for cutoff in self.CUTOFFS if reserved < cutoff < words] or [words - 1]
        self.layer = nn.AdaptiveLogSoftmaxWithLoss(state_size, words, cutoffs, div_value=2.0)

    @property
    def head(self) -> nn.Linear:
        """To the frequent words and the clusters."""
        return self.layer.head

    @property
    def tails(self) -> Sequence[tuple[Tensor, ...]]:
        """The rarer the words, the fewer numbers between the layers."""
        return [tuple(tail.parameters()) for tail in self.layer.tail]

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Of each word: its own probability, or its cluster's times its own in there."""
        log_probs: Tensor = self.layer(states, words).output
        return log_probs


def draw(logits: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse cdf of a softmax over ``logits [N, V]`` at ``noise [N]`` in [0, 1), of the same type.

    Returns:
        Ids ``[N]``; and how far into the share of its id the noise falls ``[N]``, which is uniform noise again.
    """
    below = (logits - logits.amax(1, keepdim=True)).exp_().cumsum(1)
    mass = (noise * below[:, -1]).unsqueeze(1)
    last = torch.searchsorted(below, below[:, -1:].contiguous())  # of those with a share at all
    found = torch.searchsorted(below, mass, right=True).minimum(last)
    before = below.gather(1, (found - 1).clamp(min=0)) * (found > 0)
    rest = (mass - before) / (below.gather(1, found) - before)
    return found.squeeze(1), rest.squeeze(1)


OUTPUT_SOFTMAXES: dict[str, type[OutputSoftmax]] = {"adaptive": AdaptiveSoftmax, "full": FullSoftmax}
