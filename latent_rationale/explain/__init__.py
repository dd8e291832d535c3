"""Explanations of a trained classifier: scores of phrases, and trees of phrases (Jin et al., ICLR 2020).

An explainer is made of a model, a class and contexts, and called with the ids and phrases of a sentence:
``SOC(model, 1, context)(ids, [(0, 2), (2, 5)])``.
"""

from latent_rationale.explain.explainers import EXPLAINERS
from latent_rationale.explain.explainers.cd import CD
from latent_rationale.explain.explainers.contexts import EmptyContext, JoinedContext, SampledContext, SentenceContext
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
