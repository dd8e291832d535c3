"""Contextual decomposition: what of a model's scores a phrase put there."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from latent_rationale.explain.decomposition.split_activation import SplitActivation
from latent_rationale.explain.explainers.contexts import Context, JoinedContext, SentenceContext, positions_inside
from latent_rationale.explain.explainers.explainer import MAX_BATCH, Explainer
from latent_rationale.explain.hierarchy.spans import Span

Decompose = Callable[[Tensor, Tensor, type[SplitActivation]], SplitActivation]
"""From contexts of phrases to scores ``[S, K, C]``, split in a way: access to what is inside a model.

Contexts are ids ``[S, K, T]``, the sentence itself first; where the phrases are is bool ``[S, T]``.
"""


class Decomposition(Explainer):
    """The part of s(x) that is relevant to a phrase.

    Args:
        decompose: the model.
        margin: of scores ``[B, C]``, ``[B]``.
        context: in which activations are split; the first is the sentence itself.
        max_batch: sentences whose activations are split at a time; those of one phrase at least.
        kind: how they are split.
    """

    def __init__(
        self,
        decompose: Decompose,
        margin: Callable[[Tensor], Tensor],
        context: Context,
        max_batch: int = MAX_BATCH,
        kind: type[SplitActivation] = SplitActivation,
    ):
        self.decompose = decompose
        self.margin = margin
        self.context = self.contexts(context)
        self.max_batch = max_batch
        self.kind = kind

    def contexts(self, context: Context) -> Context:
        """All contexts, from those that are given."""
        return context

    def phrases_at_once(self, length: int) -> int:
        """As many as contexts can be made for."""
        return self.context.phrases_at_once(length)

    def scores(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """The margin of the relevant parts."""
        sentences = self.context(ids, spans)
        inside = positions_inside(spans, len(ids), ids.device)
        some = max(1, self.max_batch // sentences.shape[1])
        parts = zip(torch.split(sentences, some), torch.split(inside, some), strict=True)
        return self.margin(torch.cat([self.decompose(*part, self.kind).relevant.squeeze(1) for part in parts]))


class SCD(Decomposition):
    """Sampling and contextual decomposition: split in contexts from a language model (Jin et al., section 3.4).

    The sentence itself is among the contexts.
    """

    def contexts(self, context: Context) -> Context:
        """First the sentence."""
        return JoinedContext(SentenceContext(context.padding_id), context)
