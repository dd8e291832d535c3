"""What a model makes of a phrase alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.explain.explainer import Explainer, TokenScore
from latent_rationale.explain.spans import Span


class DirectFeed(Explainer):
    """s(p), the phrase fed as if it were the sentence.

    Args:
        score: s(x).
        padding_id: what stands behind the shorter ones of several phrases.
    """

    def __init__(self, score: TokenScore, padding_id: int):
        self.score = score
        self.padding_id = padding_id

    def scores(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Of the phrases as sentences."""
        phrases = [ids[start:end] for start, end in spans]
        rows = torch.nn.utils.rnn.pad_sequence(phrases, batch_first=True, padding_value=self.padding_id)
        lengths = torch.tensor([len(phrase) for phrase in phrases], device=ids.device)
        return self.score(Tokens.of(rows, lengths))
