"""Explainers by name. A new explainer is one file in this folder and one line in ``EXPLAINERS``."""

from latent_rationale.explain.explainers.cd import cd
from latent_rationale.explain.explainers.direct_feed import DirectFeed
from latent_rationale.explain.explainers.explainer import MakeExplainer
from latent_rationale.explain.explainers.gradients import gradient_times_input, integrated_gradients
from latent_rationale.explain.explainers.scd import SCD
from latent_rationale.explain.explainers.soc import SOC, arch, arch_mean, occlusion

EXPLAINERS: dict[str, MakeExplainer] = {
    "soc": SOC,
    "scd": SCD,
    "cd": cd,
    "occlusion": occlusion,
    "direct-feed": DirectFeed,
    "arch": arch,
    "arch-mean": arch_mean,
    "integrated-gradients": integrated_gradients,
    "gradient-x-input": gradient_times_input,
}
"""Functions from a model, a class and contexts to an explainer: ``EXPLAINERS["occlusion"](model, label=1)``."""

NEED_LANGUAGE_MODEL = ("soc", "scd")
"""Explainers that need contexts from a language model."""
