"""What a model makes of a phrase alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.explainers.explainer import MAX_BATCH, Explainer, TokenScore, score_all
from latent_rationale.explain.hierarchy.spans import Span


class DirectFeed(Explainer):
    """s(p), the phrase fed as if it were the sentence.

    Args:
        score: s(x).
        padding_id: what stands behind the shorter ones of several phrases.
        max_batch: phrases that are scored at a time.
    """

    def __init__(self, score: TokenScore, padding_id: int, max_batch: int = MAX_BATCH):
        self.score = score
        self.padding_id = padding_id
        self.max_batch = max_batch

    def scores(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Of the phrases as sentences."""
        phrases = [ids[start:end] for start, end in spans]
        rows = torch.nn.utils.rnn.pad_sequence(phrases, batch_first=True, padding_value=self.padding_id)
        lengths = torch.tensor([len(phrase) for phrase in phrases], device=ids.device)
        return score_all(self.score, Tokens.of(rows, lengths), self.max_batch)
