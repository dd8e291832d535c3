"""How a language model says which word comes next. A new way is one class here and one line in ``WORD_CHOICES``."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from latent_rationale.common.compiled import operator_for
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
        return self.reserved + draw(self.layer(states)[:, self.reserved :], noise)[0]


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
        first, rest = draw(self.layer.head(states)[:, self.reserved :], noise)
        found = self.reserved + first
        column = self.layer.shortlist_size - self.reserved  # of the first cluster
        for tail, start in zip(self.layer.tail, self.layer.cutoffs, strict=False):
            rows = (first == column).nonzero().squeeze(1)
            found[rows] = start + draw(tail(states[rows]), rest[rows])[0]
            column += 1
        return found


def draw(logits: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse cdf of a softmax over ``logits [N, V]`` at ``noise [N]`` in [0, 1), of the same type.

    Returns:
        Ids ``[N]``; and how far into the share of its id the noise falls ``[N]``, which is uniform noise again.
    """
    operator = operator_for(logits.device, "softmax_icdf")
    if operator is not None:
        ids, rest = operator(logits, noise)
        return ids, rest
    below = (logits - logits.amax(1, keepdim=True)).exp_().cumsum(1)
    mass = (noise * below[:, -1]).unsqueeze(1)
    last = torch.searchsorted(below, below[:, -1:].contiguous())  # of those with a share at all
    found = torch.searchsorted(below, mass, right=True).minimum(last)
    before = below.gather(1, (found - 1).clamp(min=0)) * (found > 0)
    rest = (mass - before) / (below.gather(1, found) - before)
    return found.squeeze(1), rest.squeeze(1)


WORD_CHOICES: dict[str, type[WordChoice]] = {"adaptive": AdaptiveSoftmax, "full": FullSoftmax}
