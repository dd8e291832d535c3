"""A classifier and all explainers of it, as the user's options say."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

import latent_rationale
from latent_rationale.common.errors import InputError
from latent_rationale.explain.contexts import Context, SampledContext
from latent_rationale.explain.explainer import Explainer
from latent_rationale.explain.language_model import LanguageModel
from latent_rationale.explain.methods import METHODS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.options import SubjectOptions
from latent_rationale.explain.sampler import Language
from latent_rationale.explain.subject import Subject


class Session:
    """Loads what the options name, and starts all randomness.

    Args:
        options: of a command that explains.

    Raises:
        InputError: if what they name cannot be used.
    """

    def __init__(self, options: SubjectOptions):
        torch.manual_seed(options.seed)
        self.options = options
        self.subject = Subject(latent_rationale.load(options.ckpt, options.device), options.max_batch)
        self.task = self.subject.predictor.task
        self.sampled = None if set(options.methods).isdisjoint(NEED_LANGUAGE_MODEL) else self._contexts()

    def examples(self) -> Sequence[Any]:
        """The sentences that are asked for.

        Raises:
            InputError: if there are none.
        """
        options = self.options
        examples = self.task.read_split(options.split)
        if options.start >= len(examples):
            raise InputError(f"--start: expected less than {len(examples)}, the number of sentences in {options.split}")
        return examples[options.start : options.stop]

    @cache  # noqa: B019  # a session lives as long as its command
    def explainer(self, method: str, label: int) -> Explainer:
        """Of the margin of a class.

        Raises:
            InputError: if the method cannot explain this model.
        """
        return METHODS[method](self.subject.access(label, self.sampled))

    def _contexts(self) -> Context:
        """Contexts from the user's language model."""
        options = self.options
        assert options.lm is not None
        predictor = latent_rationale.load(options.lm, options.device)
        if not isinstance(predictor.model, LanguageModel):
            raise InputError(f"holds a model for {predictor.task.name}, not a language model", options.lm)
        language = Language.of(predictor.model, predictor.vocabulary, self.subject.predictor.vocabulary)
        return SampledContext(language, options.nb_range, options.sample_n, options.share_samples)
