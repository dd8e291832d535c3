"""Sampling and occlusion, and its relatives: the same difference in other contexts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.explainers.contexts import Context, positions_inside
from latent_rationale.explain.explainers.explainer import MAX_BATCH, Explainer, TokenScore, score_all
from latent_rationale.explain.hierarchy.spans import Span


class SOC(Explainer):
    """How much s(x) falls when a phrase gives way to padding, on average over contexts (Jin et al., equation 5).

    With contexts from a language model this is sampling and occlusion; in the sentence alone, plain occlusion; between
    padding alone, ArchAttribute (Tsang et al., 2020). On a linear model of a bag of words all give the exact weights.

    Args:
        score: s(x).
        context: what stands around the phrase.
        max_batch: sentences that are scored at a time.
    """

    def __init__(self, score: TokenScore, context: Context, max_batch: int = MAX_BATCH):
        self.score = score
        self.context = context
        self.max_batch = max_batch

    def phrases_at_once(self, length: int) -> int:
        """As many as contexts can be made for."""
        return self.context.phrases_at_once(length)

    def scores(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """From every context with the phrase, and without."""
        sentences = self.context(ids, spans)
        inside = positions_inside(spans, len(ids), ids.device).unsqueeze(1)
        without = torch.where(inside, self.context.padding_id, sentences)
        # Many sentences come up again: those without a phrase in a context that many phrases share.
        rows, which = torch.unique(torch.cat([sentences, without]).flatten(0, 1), dim=0, return_inverse=True)
        scores = score_all(self.score, Tokens.of(rows), self.max_batch)[which].view(2, len(spans), -1)
        return (scores[0] - scores[1]).mean(1)
