"""How soon a prediction falls when the words that are said to matter most are taken away."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_rationale.explain.sentence import Sentence

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Of a sentence's words, how many are deleted."""


def deleted(sentence: Sentence, scores: Sequence[float], padding_id: int, shares: Sequence[float] = SHARES) -> Tensor:
    """A sentence of T ids without the words of the highest scores: one row for each share, ``[len(shares), T]``.

    A share is rounded to whole words, one at least.
    """
    ranks = torch.tensor(scores).argsort(descending=True, stable=True).argsort()
    ranks = ranks.repeat_interleave(torch.tensor(sentence.edges).diff())  # of the words that ids stand for
    counts = torch.tensor([max(1, round(share * len(scores))) for share in shares])
    ids = sentence.ids
    return torch.where(ranks.to(ids.device) < counts.to(ids.device).unsqueeze(1), padding_id, ids)
