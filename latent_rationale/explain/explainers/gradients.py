"""Integrated gradients, and gradient times input."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.explainers.contexts import Context
from latent_rationale.explain.explainers.explained_model import ExplainedModel, margin
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.hierarchy.spans import Span

POINTS = 50
"""Points at which integrated gradients evaluates the gradient."""


class Gradients(Explainer):
    """Gradient of s(x) times the embedding, averaged over points between zero and the embedding. No context is used.

    A phrase has the sum of the scores of its words.

    Args:
        model: the explained model.
        label: index of the explained class.
        points: fractions of the embedding in (0, 1], ``[P]``, at which the gradient is taken.
    """

    def __init__(self, model: ExplainedModel, label: int, points: Tensor):
        super().__init__(model, label)
        self.points = points

    def scores(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Sum the scores of words, which one backward pass through all points gives."""
        embedded = self.model.embed(ids.unsqueeze(0)).detach()
        points = (self.points.to(embedded).view(-1, 1, 1) * embedded).requires_grad_()  # [P, T, D]
        with torch.enable_grad():
            scores = self.model.scores_embedded(points, Tokens.of(ids.expand(len(points), -1)))
            (gradient,) = torch.autograd.grad(margin(scores, self.label).sum(), points)
        words = (gradient.mean(0) * embedded[0]).sum(-1)
        return torch.stack([words[start:end].sum() for start, end in spans])


def integrated_gradients(model: ExplainedModel, label: int, context: Context | None = None) -> Explainer:
    """Make integrated gradients (Sundararajan et al., 2017).

    The scores of all words add up to s(x) less that of zero embeddings.
    """
    midpoints = (torch.arange(POINTS) + 0.5) / POINTS
    return Gradients(model, label, midpoints)


def gradient_times_input(model: ExplainedModel, label: int, context: Context | None = None) -> Explainer:
    """Make gradient times input: the gradient at the embedding itself."""
    return Gradients(model, label, torch.ones(1))
