"""Sampling and contextual decomposition."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from latent_rationale.explain.contexts import Context, JoinedContext, SentenceContext, positions_inside
from latent_rationale.explain.explainer import Explainer
from latent_rationale.explain.parts import Parts
from latent_rationale.explain.spans import Span, check_spans

Decomposable = Callable[[Parts], Parts]
"""From embedded sentences, whole ``[S, K, T, D]``, to scores, whole ``[S, K, C]``: access to what is inside a model."""


class SCD(Explainer):
    """The part of s(x) that is relevant to a phrase, with activations split in contexts from a language model.

    Jin et al., section 3.4, with the sentence itself among the contexts.

    Args:
        decompose: the model.
        embed: ids ``[*]`` to embeddings ``[*, D]``.
        margin: of scores ``[B, C]``, ``[B]``.
        context: what stands around the phrase.
    """

    def __init__(
        self,
        decompose: Decomposable,
        embed: Callable[[Tensor], Tensor],
        margin: Callable[[Tensor], Tensor],
        context: Context,
    ):
        self.decompose = decompose
        self.embed = embed
        self.margin = margin
        self.context = JoinedContext(SentenceContext(context.padding_id), context)

    @torch.no_grad()
    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Scores ``[S]``: the margin of the relevant parts."""
        check_spans(spans, len(ids))
        inside = positions_inside(spans, len(ids), ids.device)[:, None, :, None]
        embedded = Parts(self.embed(self.context(ids, spans)), self.embed(ids) * inside)
        return self.margin(self.decompose(embedded).relevant.squeeze(1))
