"""Scores from the gradient of s(x) by the embeddings."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.hierarchy.spans import Span

EmbeddingScore = Callable[[Tensor, Tokens], Tensor]
"""From embedded sentences ``[B, T, D]`` to s(x) ``[B]``, with gradients: access to a model behind its embedding."""


class Gradients(Explainer):
    """The gradient times the embedding, averaged over points on the way from zero to the embedding.

    Points all along the way are integrated gradients (Sundararajan et al., 2017): scores of words then add up to s(x)
    less that of zero embeddings. The end of the way alone is gradient times input. A phrase gets the sum of its words.

    Args:
        score: s(x).
        embed: ids ``[B, T]`` to embeddings ``[B, T, D]``.
        way: how far each point is, in (0, 1], ``[P]``.
    """

    def __init__(self, score: EmbeddingScore, embed: Callable[[Tensor], Tensor], way: Tensor):
        self.score = score
        self.embed = embed
        self.way = way

    def scores(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Sums over their words."""
        embedded = self.embed(ids.unsqueeze(0)).detach()
        points = (self.way.to(embedded).view(-1, 1, 1) * embedded).requires_grad_()
        with torch.enable_grad():
            total = self.score(points, Tokens.of(ids.expand(len(points), -1))).sum()
        (gradient,) = torch.autograd.grad(total, points)
        words = (gradient.mean(0) * embedded[0]).sum(-1)
        return torch.stack([words[start:end].sum() for start, end in spans])


def all_along(points: int = 50) -> Tensor:
    """So many points, each in the middle of its part of the way."""
    return (torch.arange(points) + 0.5) / points
