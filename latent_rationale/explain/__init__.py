"""Explanations of trained classifiers: scores of phrases, and hierarchies of phrases (Jin et al., ICLR 2020).

An explainer is created from a model, a class and contexts, and called with the ids and phrases of a sentence:
``SOC(model, 1, context)(ids, [(0, 2), (2, 5)])``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latent_rationale.explain.explainers import EXPLAINERS
    from latent_rationale.explain.explainers.cd import CD
    from latent_rationale.explain.explainers.contexts import (
        EmptyContext,
        JoinedContext,
        SampledContext,
        SentenceContext,
    )
    from latent_rationale.explain.explainers.direct_feed import DirectFeed
    from latent_rationale.explain.explainers.explained_model import ExplainedModel
    from latent_rationale.explain.explainers.gradients import Gradients
    from latent_rationale.explain.explainers.scd import SCD
    from latent_rationale.explain.explainers.soc import SOC
    from latent_rationale.explain.hierarchy.agglomeration import agglomerate
    from latent_rationale.explain.hierarchy.explanation import Explanation
    from latent_rationale.explain.hierarchy.spans import SpanTree, all_spans
    from latent_rationale.explain.language_model.sampler import BidirectionalSampler
    from latent_rationale.explain.models.function import ExplainedFunction
    from latent_rationale.explain.models.text_model import ExplainedTextModel

__all__ = [
    "CD",
    "EXPLAINERS",
    "SCD",
    "SOC",
    "BidirectionalSampler",
    "DirectFeed",
    "EmptyContext",
    "ExplainedFunction",
    "ExplainedModel",
    "ExplainedTextModel",
    "Explanation",
    "Gradients",
    "JoinedContext",
    "SampledContext",
    "SentenceContext",
    "SpanTree",
    "agglomerate",
    "all_spans",
]

_HOMES = {
    "BidirectionalSampler": "language_model.sampler",
    "CD": "explainers.cd",
    "DirectFeed": "explainers.direct_feed",
    "EXPLAINERS": "explainers",
    "EmptyContext": "explainers.contexts",
    "ExplainedFunction": "models.function",
    "ExplainedModel": "explainers.explained_model",
    "ExplainedTextModel": "models.text_model",
    "Explanation": "hierarchy.explanation",
    "Gradients": "explainers.gradients",
    "JoinedContext": "explainers.contexts",
    "SCD": "explainers.scd",
    "SOC": "explainers.soc",
    "SampledContext": "explainers.contexts",
    "SentenceContext": "explainers.contexts",
    "SpanTree": "hierarchy.spans",
    "agglomerate": "hierarchy.agglomeration",
    "all_spans": "hierarchy.spans",
}
"""Module of each public name. Modules are imported on first access, so that ``-h`` does not have to import torch."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
