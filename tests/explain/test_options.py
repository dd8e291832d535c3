"""The options offer what is in the registries, whose names they spell out so that ``-h`` need not import torch."""

from latent_rationale.explain import explainers, options
from latent_rationale.explain.language_model import options as language_options
from latent_rationale.explain.language_model import output_softmax


def test_explainers():
    assert tuple(explainers.EXPLAINERS) == options.EXPLAINERS
    assert explainers.NEED_LANGUAGE_MODEL == options.NEED_LANGUAGE_MODEL


def test_output_softmaxes():
    assert tuple(output_softmax.OUTPUT_SOFTMAXES) == language_options.OUTPUT_SOFTMAXES
