"""Explanations of a trained classifier: a score for each phrase, and a tree of phrases (Jin et al., ICLR 2020).

An explainer is made from what it may ask of a model, and called with a sentence's ids and phrases:
``SOC(score, context)(ids, [(0, 2), (2, 5)])``.
"""

from latent_rationale.explain.explainers.cd import CD
from latent_rationale.explain.explainers.contexts import EmptyContext, JoinedContext, SampledContext, SentenceContext
from latent_rationale.explain.explainers.direct_feed import DirectFeed
from latent_rationale.explain.explainers.gradients import Gradients
from latent_rationale.explain.explainers.scd import SCD
from latent_rationale.explain.explainers.soc import SOC
from latent_rationale.explain.hierarchy.agglomeration import agglomerate
from latent_rationale.explain.hierarchy.spans import SpanTree, all_spans
from latent_rationale.explain.language_model.sampler import BidirectionalSampler
from latent_rationale.explain.models.text_model import ExplainedTextModel

__all__ = [
    "CD",
    "SCD",
    "SOC",
    "BidirectionalSampler",
    "DirectFeed",
    "EmptyContext",
    "ExplainedTextModel",
    "Gradients",
    "JoinedContext",
    "SampledContext",
    "SentenceContext",
    "SpanTree",
    "agglomerate",
    "all_spans",
]
