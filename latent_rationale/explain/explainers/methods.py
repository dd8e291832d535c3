"""The explainers by name, and what they are given. A new one is one file and one line in ``EXPLAINERS``."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import RecurrentClassifier
from latent_rationale.explain.decomposition.split_activation import MurdochActivation
from latent_rationale.explain.explainers.cd import CD
from latent_rationale.explain.explainers.contexts import Context, EmptyContext, JoinedContext, SentenceContext
from latent_rationale.explain.explainers.direct_feed import DirectFeed
from latent_rationale.explain.explainers.explainer import Explainer, TokenScore
from latent_rationale.explain.explainers.gradients import EmbeddingScore, Gradients, all_along
from latent_rationale.explain.explainers.scd import SCD, Decompose, Decomposition
from latent_rationale.explain.explainers.soc import SOC


@dataclass(frozen=True)
class Access:
    """What explainers may ask of a model, from the least to the most.

    Attributes:
        score: s(x) of ids.
        padding_id: of the model's vocabulary.
        embedding_score: s(x) of embeddings.
        embed: ids ``[*]`` to embeddings ``[*, D]``.
        decomposable: the model's inside; where it cannot be split, asking for it raises ``InputError``.
        recurrent: likewise, of a recurrent model; None for a model that CD splits as SCD does.
        margin: s(x) of scores ``[B, C]``.
        max_batch: sentences at a time.
        sampled: contexts from a language model; None where there is none.
    """

    score: TokenScore
    padding_id: int
    embedding_score: EmbeddingScore
    embed: Callable[[Tensor], Tensor]
    decomposable: Callable[[], Decompose]
    recurrent: Callable[[], RecurrentClassifier | None]
    margin: Callable[[Tensor], Tensor]
    max_batch: int
    sampled: Context | None = None


def _sampled(access: Access) -> Context:
    if access.sampled is None:
        train = "python -m latent_rationale.explain.train_lm"
        raise InputError(f"needs --lm, a language model; train one with {train}")
    return access.sampled


def _soc(access: Access) -> Explainer:
    return SOC(access.score, _sampled(access), access.max_batch)


def _scd(access: Access) -> Explainer:
    return SCD(access.decomposable(), access.margin, _sampled(access), access.max_batch)


def _cd(access: Access) -> Explainer:
    classifier = access.recurrent()
    if classifier is not None:
        return CD(classifier, access.margin)
    context = SentenceContext(access.padding_id)
    return Decomposition(access.decomposable(), access.margin, context, access.max_batch, kind=MurdochActivation)


def _occlusion(access: Access) -> Explainer:
    return SOC(access.score, SentenceContext(access.padding_id), access.max_batch)


def _arch(access: Access) -> Explainer:
    return SOC(access.score, EmptyContext(access.padding_id), access.max_batch)


def _arch_mean(access: Access) -> Explainer:
    contexts = SentenceContext(access.padding_id), EmptyContext(access.padding_id)
    return SOC(access.score, JoinedContext(*contexts), access.max_batch)


def _direct_feed(access: Access) -> Explainer:
    return DirectFeed(access.score, access.padding_id, access.max_batch)


def _integrated_gradients(access: Access) -> Explainer:
    return Gradients(access.embedding_score, access.embed, all_along())


def _gradient_times_input(access: Access) -> Explainer:
    return Gradients(access.embedding_score, access.embed, torch.ones(1))


EXPLAINERS: dict[str, Callable[[Access], Explainer]] = {
    "soc": _soc,
    "scd": _scd,
    "cd": _cd,
    "occlusion": _occlusion,
    "direct-feed": _direct_feed,
    "arch": _arch,
    "arch-mean": _arch_mean,
    "integrated-gradients": _integrated_gradients,
    "gradient-x-input": _gradient_times_input,
}

NEED_LANGUAGE_MODEL = ("soc", "scd")
"""Those that need contexts from a language model."""
