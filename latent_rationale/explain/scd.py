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
        max_batch: sentences whose activations are split at a time.
    """

    def __init__(
        self,
        decompose: Decomposable,
        embed: Callable[[Tensor], Tensor],
        margin: Callable[[Tensor], Tensor],
        context: Context,
        max_batch: int = 2048,
    ):
        self.decompose = decompose
        self.embed = embed
        self.margin = margin
        self.max_batch = max_batch
        self.context = JoinedContext(SentenceContext(context.padding_id), context)

    @torch.no_grad()
    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Scores ``[S]``: the margin of the relevant parts."""
        check_spans(spans, len(ids))
        sentences = self.context(ids, spans)
        inside = positions_inside(spans, len(ids), ids.device)
        some = max(1, self.max_batch // sentences.shape[1])
        parts = zip(torch.split(sentences, some), torch.split(inside, some), strict=True)
        return torch.cat([self._scores(ids, *part) for part in parts])

    def _scores(self, ids: Tensor, sentences: Tensor, inside: Tensor) -> Tensor:
        """Of some phrases, from their contexts ``[S, K, T]`` and where they are ``[S, T]``."""
        embedded = Parts(self.embed(sentences), self.embed(ids) * inside[:, None, :, None])
        return self.margin(self.decompose(embedded).relevant.squeeze(1))
