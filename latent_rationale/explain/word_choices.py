"""How a language model says which word comes next. A new way is one class here and one line in ``WORD_CHOICES``."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from latent_rationale.common.initialisation import linear


class WordChoice(nn.Module, ABC):
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

    @abstractmethod
    def icdf(self, states: Tensor, noise: Tensor) -> Tensor:
        """Words ``[N]`` drawn by uniform noise ``[N]``, reserved ids aside."""


class FullSoftmax(WordChoice):
    """One softmax over all words."""

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        self.layer = linear(state_size, words)

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Of each word under the softmax."""
        return -nn.functional.cross_entropy(self.layer(states), words, reduction="none")

    def icdf(self, states: Tensor, noise: Tensor) -> Tensor:
        """The inverse cdf of the softmax over what is not reserved."""
        below = sums(self.layer(states)[:, self.reserved :])
        return self.reserved + find(below, noise * below[:, -1])


class AdaptiveSoftmax(WordChoice):
    """Frequent words and clusters of rarer ones first, then a word of the cluster (Grave et al., 2017).

    Training and drawing take time for the rare words only where one comes up.
    """

    CUTOFFS = (200, 1000, 5000)
    """Where clusters begin, as far as the vocabulary goes."""

    def __init__(self, state_size: int, words: int, reserved: int):
        super().__init__(state_size, words, reserved)
        cutoffs = [cutoff for cutoff in self.CUTOFFS if reserved < cutoff < words] or [words - 1]
        self.layer = nn.AdaptiveLogSoftmaxWithLoss(state_size, words, cutoffs, div_value=2.0)

    def log_prob(self, states: Tensor, words: Tensor) -> Tensor:
        """Of each word: its own probability, or its cluster's times its own in there."""
        log_probs: Tensor = self.layer(states, words).output
        return log_probs

    def icdf(self, states: Tensor, noise: Tensor) -> Tensor:
        """Frequent word or cluster by the noise; the word of a cluster by how far into the cluster the noise falls."""
        below = sums(self.layer.head(states)[:, self.reserved :])
        mass = noise * below[:, -1]
        first = find(below, mass)
        found = self.reserved + first
        column = self.layer.shortlist_size - self.reserved  # of the first cluster
        for tail, start in zip(self.layer.tail, self.layer.cutoffs, strict=False):
            rows = (first == column).nonzero().squeeze(1)
            before, after = below[rows, column - 1], below[rows, column]
            inside = sums(tail(states[rows]))
            found[rows] = start + find(inside, (mass[rows] - before) / (after - before) * inside[:, -1])
            column += 1
        return found


def sums(logits: Tensor) -> Tensor:
    """Cumulative sums of what a softmax over ``logits [N, V]`` is made of. Not divided by the last: that takes time."""
    return (logits - logits.amax(1, keepdim=True)).exp_().cumsum(1)


def find(below: Tensor, mass: Tensor) -> Tensor:
    """Where a mass ``[N]`` falls in cumulative sums ``[N, V]``: ids ``[N]``."""
    return torch.searchsorted(below, mass.unsqueeze(1), right=True).squeeze(1).clamp(max=below.shape[1] - 1)


WORD_CHOICES: dict[str, type[WordChoice]] = {"adaptive": AdaptiveSoftmax, "full": FullSoftmax}
