"""How words are linked: those of two sentences, and those of one."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_rationale.common.distributions import Selection, uniform_noise
from latent_rationale.common.nn.dropout import Dropout
from latent_rationale.common.nn.initialization import linear
from latent_rationale.common.nn.padding import per_word
from latent_rationale.common.structures import Rationale, Tokens


def feed_forward(input_size: int, hidden_size: int, output_size: int, dropout: float) -> nn.Sequential:
    """Two linear layers, each behind dropout and before a ReLU, as everywhere in Parikh et al. (2016)."""
    first, second = linear(input_size, hidden_size), linear(hidden_size, output_size)
    return nn.Sequential(Dropout(dropout), first, nn.ReLU(), Dropout(dropout), second, nn.ReLU())


def pair_mask(left: Tensor, right: Tensor) -> Tensor:
    """Where two real words meet, bool ``[B, M, N]``, of masks ``[B, M]`` and ``[B, N]``."""
    return left.unsqueeze(2) & right.unsqueeze(1)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last dimension of ``scores [*, N]`` where ``mask`` is true, 0 elsewhere; zeros if nowhere."""
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1) * mask


Pair = tuple[Tensor, Tensor]
"""Of the premise, and of the hypothesis."""


@dataclass(frozen=True, eq=False)
class Links:
    """How two sentences attend to each other.

    Attributes:
        p2h: what each word of the premise takes from the hypothesis, ``[B, M, N]``.
        h2p: what each word of the hypothesis takes from the premise, ``[B, N, M]``.
        rationale: the choices behind both, over ``[B, M, N]``; None for softmax attention.
    """

    p2h: Tensor
    h2p: Tensor
    rationale: Rationale | None = None


class CrossAttention(nn.Module, ABC):
    """Links the words of a premise to those of a hypothesis."""

    @abstractmethod
    def forward(self, states: Pair, masks: Pair) -> Links:
        """States ``[B, M, D]`` and ``[B, N, D]``, and where real words are ``[B, M]`` and ``[B, N]``, to links."""


MakeAttention = Callable[[int], CrossAttention]
"""From the size of a word's state to an attention."""


class SoftmaxAttention(CrossAttention):
    """Each word distributes its attention over the other sentence (Parikh et al., 2016, equations 1 and 2).

    Args:
        input_size: D.
        hidden_size: units of the network behind the scores.
        dropout: in that network.
    """

    def __init__(self, input_size: int, hidden_size: int, dropout: float):
        super().__init__()
        self.network = feed_forward(input_size, hidden_size, hidden_size, dropout)

    def forward(self, states: Pair, masks: Pair) -> Links:
        """Rows and columns of one matrix of scores, normalised each."""
        premise, hypothesis = per_word(self.network, states, masks)
        scores, mask = premise @ hypothesis.mT, pair_mask(*masks)
        return Links(masked_softmax(scores, mask), masked_softmax(scores.mT, mask.mT))


class Cosine(nn.Module):
    """How alike words of two sentences are, in [-1, 1]: 1 where their states are the same.

    Args:
        input_size: D.
        hidden_size: units of the network that turns words into what is compared.
        dropout: in the network.
    """

    def __init__(self, input_size: int, hidden_size: int, dropout: float):
        super().__init__()
        first, second = linear(input_size, hidden_size), linear(hidden_size, hidden_size)
        self.network = nn.Sequential(Dropout(dropout), first, nn.ReLU(), Dropout(dropout), second)

    def forward(self, states: Pair, masks: Pair) -> Tensor:
        """States ``[B, M, D]`` and ``[B, N, D]`` to ``[B, M, N]``."""
        premise, hypothesis = (functional.normalize(words, dim=-1) for words in per_word(self.network, states, masks))
        return premise @ hypothesis.mT


class SelectiveAttention(CrossAttention):
    """Each pair of words is linked or not: a variable of its own, shared by both directions and not normalised.

    Paper, section 6.3. Each parameter of the distribution is a cosine, less a threshold and times a scale that all
    pairs share. A plain dot product has no bound: it soon says "linked" with such certainty that no gradient of the
    penalty is left. Signs are such that training starts from links between words that are alike. Without that nothing
    tells which links would help, and a model learns to signal the answer by how many there are.

    Args:
        input_size: D.
        hidden_size: units of the networks behind the parameters.
        dropout: in those networks.
        family: the distribution of a link.
    """

    SCALE = 6.0
    """At the start. HardKuma then has the shape 3.05, 0.05 for equal words: P(Z = 1) = 0.93, P(Z = 0) < 0.001."""

    THRESHOLD = 0.5
    """At the start."""

    def __init__(self, input_size: int, hidden_size: int, dropout: float, family: type[Selection]):
        super().__init__()
        self.family = family
        count = family.parameter_count
        self.cosines = nn.ModuleList(Cosine(input_size, hidden_size, dropout) for _ in range(count))
        self.scale = nn.Parameter(self.SCALE * _towards_links(family))
        self.threshold = nn.Parameter(torch.full((count,), self.THRESHOLD))

    def forward(self, states: Pair, masks: Pair) -> Links:
        """Links drawn by chance in training, decided otherwise."""
        cosines = torch.stack([cosine(states, masks) for cosine in self.cosines], dim=-1)
        dist, mask = self.family.from_raw((cosines - self.threshold) * self.scale), pair_mask(*masks)
        z = dist.icdf(uniform_noise(mask.shape, cosines)) if self.training else dist.decide()
        z = torch.where(mask, z, 0.0)
        return Links(z, z.mT, Rationale(z, mask, dist))


def _towards_links(family: type[Selection]) -> Tensor:
    """For each raw parameter of a distribution 1 where a larger one makes Z = 0 less likely, else -1."""
    with torch.enable_grad():
        raw = torch.zeros(family.parameter_count, requires_grad=True)
        (gradient,) = torch.autograd.grad(family.from_raw(raw).p0, raw)
    return -gradient.sign()


class SelfAttention(nn.Module):
    """Each word attends to its own sentence (Parikh et al., 2016, section 3.4).

    Args:
        input_size: D.
        hidden_size: units of the network behind the scores.
        dropout: in that network.
        max_distance: words further apart than this are as far apart as this.
        mask_diagonal: no word attends to itself.
    """

    def __init__(self, input_size: int, hidden_size: int, dropout: float, max_distance: int, mask_diagonal: bool):
        super().__init__()
        self.network = feed_forward(input_size, hidden_size, hidden_size, dropout)
        self.distance_bias = nn.Parameter(torch.randn(2 * max_distance + 1))
        self.max_distance = max_distance
        self.mask_diagonal = mask_diagonal

    def forward(self, states: Tensor, tokens: Tokens) -> Tensor:
        """States ``[B, T, D]`` to attention ``[B, T, T]``."""
        mask = pair_mask(tokens.mask, tokens.mask)
        positions = torch.arange(states.shape[1], device=states.device)
        distances = (positions - positions.unsqueeze(1)).clamp(-self.max_distance, self.max_distance)
        if self.mask_diagonal:
            mask = mask & (distances != 0)
        (hidden,) = per_word(self.network, [states], [tokens.mask])
        return masked_softmax(hidden @ hidden.mT + self.distance_bias[distances + self.max_distance], mask)
