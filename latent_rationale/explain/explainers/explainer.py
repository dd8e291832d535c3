"""What every explainer can do, and what it may ask of a model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor

from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.hierarchy.spans import Span, check_spans

TokenScore = Callable[[Tokens], Tensor]
"""From sentences to s(x) ``[B]``: access to a model by the ids of its words, and the least that there is."""


MAX_BATCH = 2048
"""Sentences that go through a model at a time, where nobody names a number."""


def score_all(score: TokenScore, tokens: Tokens, max_batch: int) -> Tensor:
    """s(x) ``[B]`` of sentences, some at a time.

    Raises:
        InputError: if that is not what ``score`` gives.
    """
    parts = []
    for part in tokens.split(max_batch):
        found = score(part)
        if found.shape != part.lengths.shape:
            shape, rows = list(found.shape), len(part.ids)
            raise InputError(f"a score of {rows} sentences, [B, T] to [B], has the shape {shape} and not [{rows}]")
        parts.append(found)
    return torch.cat(parts)


class Explainer(ABC):
    """Scores phrases by what they contribute to s(x), the margin of the explained class."""

    @final
    @torch.no_grad()
    def __call__(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Scores ``[S]`` of S phrases of one sentence, ids ``[T]``. Positive ones speak for the class.

        Raises:
            InputError: for ids of another shape, or a phrase that does not lie within the sentence.
        """
        if ids.dim() != 1:
            raise InputError(f"ids: expected those of one sentence, [T], got the shape {list(ids.shape)}")
        check_spans(spans, len(ids))
        if not spans:
            return torch.zeros(0, device=ids.device)
        bound = self.phrases_at_once(len(ids))
        some = len(spans) if bound is None else bound
        groups = (spans[start : start + some] for start in range(0, len(spans), some))
        return torch.cat([self.scores(ids, group) for group in groups])

    @abstractmethod
    def scores(self, ids: Tensor, spans: Sequence[Span]) -> Tensor:
        """Scores ``[S]`` of phrases that lie within the sentence, at least one."""

    def phrases_at_once(self, length: int) -> int | None:
        """For how many phrases of a sentence so long there is memory at a time; None for any number."""
        return None
