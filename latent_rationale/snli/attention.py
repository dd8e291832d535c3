"""Attention between the words of two sentences, and among the words of one sentence."""

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
    """Return two linear layers, each after dropout and before a ReLU, as everywhere in Parikh et al. (2016).

    Args:
        input_size: size of an input.
        hidden_size: number of units of the first layer.
        output_size: number of units of the second layer.
        dropout: dropout rate.
    """
    first, second = linear(input_size, hidden_size), linear(hidden_size, output_size)
    return nn.Sequential(Dropout(dropout), first, nn.ReLU(), Dropout(dropout), second, nn.ReLU())


def pair_mask(left: Tensor, right: Tensor) -> Tensor:
    """Return the mask ``[B, M, N]`` of pairs of real words, for masks ``[B, M]`` and ``[B, N]``."""
    return left.unsqueeze(2) & right.unsqueeze(1)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Compute a softmax over the elements of the last dimension at which a mask is true; other elements are 0.

    Args:
        scores: scores ``[*, N]``.
        mask: mask, bool ``[*, N]``. A row that is false everywhere gives zeros.
    """
    # The smallest finite number in place of -inf, with which a row that is false everywhere would give NaN.
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1) * mask


Pair = tuple[Tensor, Tensor]
"""Type of a tensor of the premise and the same of the hypothesis."""


@dataclass(frozen=True, eq=False)
class Links:
    """Attention between two sentences, in both directions.

    Attributes:
        p2h: attention of each word of the premise to the hypothesis, ``[B, M, N]``.
        h2p: attention of each word of the hypothesis to the premise, ``[B, N, M]``.
        rationale: choices that determine both, over ``[B, M, N]``; None for softmax attention.
    """

    p2h: Tensor
    h2p: Tensor
    rationale: Rationale | None = None


class CrossAttention(nn.Module, ABC):
    """Abstract attention between the words of a premise and the words of a hypothesis."""

    @abstractmethod
    def forward(self, states: Pair, masks: Pair) -> Links:
        """Link the words of both sentences.

        Args:
            states: states of the words, ``[B, M, D]`` and ``[B, N, D]``.
            masks: masks of the real words, ``[B, M]`` and ``[B, N]``.
        """


MakeAttention = Callable[[int], CrossAttention]
"""Type of functions from the size of a word's state to an attention."""


class SoftmaxAttention(CrossAttention):
    """Softmax attention of each word over the other sentence (Parikh et al., 2016, equations 1 and 2).

    Args:
        input_size: size of a word's state, D.
        hidden_size: number of units of the network that both sentences pass through.
        dropout: dropout rate in this network.
    """

    def __init__(self, input_size: int, hidden_size: int, dropout: float):
        super().__init__()
        self.network = feed_forward(input_size, hidden_size, hidden_size, dropout)

    def forward(self, states: Pair, masks: Pair) -> Links:
        """Link words by a matrix of scores, normalised along its rows (p2h) and along its columns (h2p)."""
        premise, hypothesis = per_word(self.network, states, masks)
        scores, mask = premise @ hypothesis.mT, pair_mask(*masks)  # [B, M, N] both
        return Links(masked_softmax(scores, mask), masked_softmax(scores.mT, mask.mT))


class Cosine(nn.Module):
    """Cosine similarity of the words of two sentences, in [-1, 1]; it is 1 for words with equal states.

    Args:
        input_size: size of a word's state, D.
        hidden_size: number of units of the network that maps states to the vectors that are compared.
        dropout: dropout rate in this network.
    """

    def __init__(self, input_size: int, hidden_size: int, dropout: float):
        super().__init__()
        first, second = linear(input_size, hidden_size), linear(hidden_size, hidden_size)
        self.network = nn.Sequential(Dropout(dropout), first, nn.ReLU(), Dropout(dropout), second)

    def forward(self, states: Pair, masks: Pair) -> Tensor:
        """Return the cosine of each pair of words, ``[B, M, N]``.

        Args:
            states: states of the words, ``[B, M, D]`` and ``[B, N, D]``.
            masks: masks of the real words, ``[B, M]`` and ``[B, N]``.
        """
        # One network for both sentences: words with equal states get equal vectors. Padding has zero vectors, whose
        # cosines are 0, because ``normalize`` divides by at least a small constant.
        premise, hypothesis = (functional.normalize(words, dim=-1) for words in per_word(self.network, states, masks))
        return premise @ hypothesis.mT


class SelectiveAttention(CrossAttention):
    """Attention by one random variable per pair of words, shared by both directions and not normalised.

    Paper, section 6.3. Each raw parameter of the distribution is a cosine, minus a threshold and times a scale that all
    pairs share. A dot product has no bound: P(Z = 0) soon becomes so small that the penalty has no gradient left. The
    signs of the scales are chosen such that training starts from links between similar words. Without this start
    nothing indicates which links are useful, and a model learns to signal the answer by the number of links.

    Args:
        input_size: size of a word's state, D.
        hidden_size: number of units of the networks whose outputs are compared.
        dropout: dropout rate in these networks.
        family: distribution of a link.
    """

    SCALE = 6.0
    """Initial scale. HardKuma then has the shape 3.05, 0.05 for equal words: P(Z = 1) = 0.93, P(Z = 0) < 0.001."""

    THRESHOLD = 0.5
    """Initial threshold of the cosines."""

    def __init__(self, input_size: int, hidden_size: int, dropout: float, family: type[Selection]):
        super().__init__()
        self.family = family
        count = family.parameter_count
        self.cosines = nn.ModuleList(Cosine(input_size, hidden_size, dropout) for _ in range(count))
        self.scale = nn.Parameter(self.SCALE * _towards_links(family))
        self.threshold = nn.Parameter(torch.full((count,), self.THRESHOLD))

    def forward(self, states: Pair, masks: Pair) -> Links:
        """Link words by sampling in training mode, else by ``Selection.decide``."""
        # One similarity per parameter of the distribution, [B, M, N, P]; threshold and scale are [P].
        cosines = torch.stack([cosine(states, masks) for cosine in self.cosines], dim=-1)
        raw = (cosines - self.threshold) * self.scale  # of the type of the scale, also under autocast
        dist, mask = self.family.from_raw(raw), pair_mask(*masks)
        z = dist.icdf(uniform_noise(mask.shape, raw)) if self.training else dist.decide()
        z = torch.where(mask, z, 0.0)  # [B, M, N], the same choice in both directions
        return Links(z, z.mT, Rationale(z, mask, dist))


def _towards_links(family: type[Selection]) -> Tensor:
    """Return signs ``[P]``: 1 for each raw parameter that makes Z = 0 less likely when it grows, else -1."""
    # A model may be built without gradients, and on the meta device, where nothing has a value.
    with torch.device("cpu"), torch.enable_grad():
        raw = torch.zeros(family.parameter_count, requires_grad=True)
        (gradient,) = torch.autograd.grad(family.from_raw(raw).p0, raw)
    return -gradient.sign()


class SelfAttention(nn.Module):
    """Softmax attention of each word over its own sentence (Parikh et al., 2016, section 3.4).

    Args:
        input_size: size of a word, D.
        hidden_size: number of units of the network that the words pass through.
        dropout: dropout rate in this network.
        max_distance: largest distance with a bias of its own; words further apart share this bias.
        mask_diagonal: whether to keep words from attending to themselves.
    """

    def __init__(self, input_size: int, hidden_size: int, dropout: float, max_distance: int, mask_diagonal: bool):
        super().__init__()
        self.network = feed_forward(input_size, hidden_size, hidden_size, dropout)
        self.distance_bias = nn.Parameter(torch.randn(2 * max_distance + 1))
        self.max_distance = max_distance
        self.mask_diagonal = mask_diagonal

    def forward(self, states: Tensor, tokens: Tokens) -> Tensor:
        """Compute attention ``[B, T, T]`` for states ``[B, T, D]``."""
        mask = pair_mask(tokens.mask, tokens.mask)
        positions = torch.arange(states.shape[1], device=states.device)
        # Signed distance of word j from word i, [T, T], clamped; shifted by max_distance below, it indexes the biases.
        distances = (positions - positions.unsqueeze(1)).clamp(-self.max_distance, self.max_distance)
        if self.mask_diagonal:
            mask = mask & (distances != 0)
        (hidden,) = per_word(self.network, [states], [tokens.mask])
        return masked_softmax(hidden @ hidden.mT + self.distance_bias[distances + self.max_distance], mask)
