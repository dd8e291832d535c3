"""How soon a prediction falls when the words that are said to matter most are taken away."""

from collections.abc import Sequence

import torch
from torch import Tensor

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Of a sentence's words, how many are deleted."""


def deleted(ids: Tensor, scores: Sequence[float], padding_id: int, shares: Sequence[float] = SHARES) -> Tensor:
    """A sentence, ids ``[T]``, without the words of the highest scores: one row for each share, ``[len(shares), T]``.

    A share is rounded to whole words, one at least.
    """
    ranks = torch.tensor(scores).argsort(descending=True, stable=True).argsort()
    counts = torch.tensor([max(1, round(share * len(ids))) for share in shares])
    return torch.where(ranks.to(ids.device) < counts.to(ids.device).unsqueeze(1), padding_id, ids)
