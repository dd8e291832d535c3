"""Contextual decomposition of a model's scores, in sampled contexts (SCD) or in the sentence alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.explain.decomposition.split_activation import SplitActivation
from latent_rationale.explain.explainers.contexts import (
    Context,
    JoinedContext,
    SentenceContext,
    needed,
    positions_inside,
)
from latent_rationale.explain.explainers.explained_model import ExplainedModel, margin
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.hierarchy.spans import Span


class Decomposition(Explainer):
    """Contextual decomposition: the margin of that part of the scores that is relevant to a phrase.

    Args:
        model: the explained model.
        label: index of the explained class.
        context: contexts in which activations are split. The first of them is the sentence itself.
        kind: how activations are split.

    Raises:
        InputError: if the model cannot be split.
    """

    def __init__(
        self,
        model: ExplainedModel,
        label: int,
        context: Context | None = None,
        kind: type[SplitActivation] = SplitActivation,
    ):
        super().__init__(model, label, context)
        self.kind = kind
        # On a sentence of one word, a model that cannot be split says so before any work is done.
        word = torch.full((1, 1, 1), model.padding_id, device=model.device)
        model.decompose(word, torch.ones(1, 1, dtype=torch.bool, device=model.device), kind)

    def scores(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Split the scores for as many phrases at a time as ``max_batch`` allows, at least one."""
        contexts = self.context(ids, spans, generator)
        inside = positions_inside(spans, len(ids), ids.device)
        size = max(1, self.model.max_batch // contexts.shape[1])
        parts = zip(torch.split(contexts, size), torch.split(inside, size), strict=True)
        relevant = [self.model.decompose(*part, self.kind).relevant.squeeze(1) for part in parts]
        return margin(torch.cat(relevant), self.label)


class SCD(Decomposition):
    """Sampling and contextual decomposition: splits in the sentence and in sampled contexts (Jin et al., section 3.4).

    Args:
        model: the explained model.
        label: index of the explained class.
        context: contexts beside the sentence itself, such as ``SampledContext``.

    Raises:
        InputError: if there is no context, or the model cannot be split.
    """

    def __init__(self, model: ExplainedModel, label: int, context: Context | None = None):
        super().__init__(model, label, JoinedContext(SentenceContext(model.padding_id), needed(context)))
