"""Abstract class of explainers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol, final

import torch
from torch import Tensor

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers.contexts import Context, SentenceContext
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.hierarchy.spans import Span, check_spans

SEED = 1
"""Seed of the generator of a call that is given none."""


class Explainer(ABC):
    """Scores phrases by what they contribute to s(x), the margin of the explained class.

    Args:
        model: the explained model.
        label: index of the explained class.
        context: contexts in which phrases are scored; the sentence itself, unless given. Some explainers use none.
    """

    def __init__(self, model: ExplainedModel, label: int, context: Context | None = None):
        self.model = model
        self.label = label
        self.context = SentenceContext(model.padding_id) if context is None else context

    @final
    @torch.no_grad()
    def __call__(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator | None = None) -> Tensor:
        """Score phrases of one sentence.

        Args:
            ids: the sentence, ``[T]``.
            spans: S phrases.
            generator: the only source of randomness. Without one, each call makes a generator with the seed ``SEED``,
                so that equal calls return equal scores.

        Returns:
            Scores ``[S]``, positive for phrases that speak for the class.

        Raises:
            InputError: for ids of another shape, or a phrase that does not lie within the sentence.
        """
        if ids.dim() != 1:
            raise InputError(f"ids: expected those of one sentence, [T], got the shape {list(ids.shape)}")
        check_spans(spans, len(ids))
        if not spans:
            return torch.zeros(0, device=ids.device)
        generator = torch.Generator().manual_seed(SEED) if generator is None else generator
        size = self.context.phrases_at_once(len(ids))
        groups = [spans[start : start + size] for start in range(0, len(spans), size)]
        return torch.cat([self.scores(ids, group, generator) for group in groups])

    @abstractmethod
    def scores(self, ids: Tensor, spans: Sequence[Span], generator: torch.Generator) -> Tensor:
        """Score one or more phrases that lie within the sentence; arguments as for a call."""


class MakeExplainer(Protocol):
    """Type of the entries of ``EXPLAINERS``: from a model, a class and contexts to an explainer."""

    def __call__(self, model: ExplainedModel, label: int, context: Context | None = None) -> Explainer:
        """Make an explainer of a class."""
