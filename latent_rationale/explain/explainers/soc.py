"""Sampling and occlusion, plain occlusion and ArchAttribute: one difference in several kinds of contexts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.explainers.contexts import (
    Context,
    EmptyContext,
    JoinedContext,
    SentenceContext,
    needed,
    positions_inside,
)
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.hierarchy.spans import Span


class SOC(Explainer):
    """Sampling and occlusion: the mean fall of s(x) over contexts when padding replaces a phrase (Jin et al., eq. 5).

    On a linear model of a bag of words the scores are its exact weights.

    Args:
        model: the explained model.
        label: index of the explained class.
        context: contexts of the phrases, such as ``SampledContext``.

    Raises:
        InputError: if there is no context.
    """

    def __init__(self, model: ExplainedModel, label: int, context: Context | None = None):
        super().__init__(model, label, needed(context))

    def scores(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Average the differences between contexts with and without each phrase."""
        sentences = self.context(ids, spans, generator)
        inside = positions_inside(spans, len(ids), ids.device).unsqueeze(1)
        without = torch.where(inside, self.model.padding_id, sentences)
        # Many rows of [2 S K, T] are equal, such as contexts of several phrases without the phrase. Score each once.
        rows, which = torch.unique(torch.cat([sentences, without]).flatten(0, 1), dim=0, return_inverse=True)
        margins = self.model.margins(Tokens.of(rows), self.label)[which].view(2, len(spans), -1)
        return (margins[0] - margins[1]).mean(1)


def occlusion(model: ExplainedModel, label: int, context: Context | None = None) -> Explainer:
    """Make plain occlusion: the phrase is replaced in the sentence itself."""
    return SOC(model, label, SentenceContext(model.padding_id))


def arch(model: ExplainedModel, label: int, context: Context | None = None) -> Explainer:
    """Make ArchAttribute in an empty context: the phrase alone against nothing (Tsang et al., 2020)."""
    return SOC(model, label, EmptyContext(model.padding_id))


def arch_mean(model: ExplainedModel, label: int, context: Context | None = None) -> Explainer:
    """Make the mean of plain occlusion and ArchAttribute (Tsang et al., 2020)."""
    contexts = SentenceContext(model.padding_id), EmptyContext(model.padding_id)
    return SOC(model, label, JoinedContext(*contexts))
