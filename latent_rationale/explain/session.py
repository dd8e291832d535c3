"""A classifier and all explainers of it, as the user's options say."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import torch

import latent_rationale
from latent_rationale.common.data.batching import seed_of
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.training import checkpoint
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.device import find_device
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers.contexts import Context, SampledContext
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.explainers.methods import EXPLAINERS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.hierarchy.agglomeration import ScoreSpans
from latent_rationale.explain.hierarchy.explanation import Provenance
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.hierarchy.spans import Span
from latent_rationale.explain.language_model.model import LanguageModel
from latent_rationale.explain.language_model.sampler import BidirectionalSampler
from latent_rationale.explain.models.text_model import ExplainedTextModel
from latent_rationale.explain.models.transformer_folder import need_transformers, transformer_folder
from latent_rationale.explain.options import ExplainedModelOptions
from latent_rationale.tasks import find_task


class ExplainRequest(NamedTuple):
    """An example that is to be explained.

    Attributes:
        number: which one it is, counted from 0.
        example: of the task.
    """

    number: int
    example: Any


class Session:
    """What the options name, loaded.

    Args:
        options: of a command that explains.

    Raises:
        InputError: if what they name cannot be used.
    """

    def __init__(self, options: ExplainedModelOptions):
        self.options = options
        self.subject = open_model(options)
        self.task = self.subject.predictor.task
        self.lm = latent_rationale.load(options.lm, options.device) if options.lm and options.draws else None
        self.sampled = None if self.lm is None else self._contexts(self.lm)
        self.methods = tuple(method for method in options.methods if self._allows(method))

    def provenance(self, method: str) -> Provenance:
        """How scores by a method come about."""
        options = self.options
        drawn: dict[str, Any] = {}
        if method in NEED_LANGUAGE_MODEL:
            drawn = {name: getattr(options, name) for name in ("nb_range", "sample_n", "share_samples", "seed")}
            drawn |= {"lm": str(options.lm), "lm_digest": self._digest_of(self.lm)}
        digest = self._digest_of(self.subject.predictor)
        return Provenance(method=method, model=str(options.ckpt), model_digest=digest, **drawn, **options.phrasing)

    @cache  # noqa: B019  # as below
    def _digest_of(self, predictor: Predictor) -> str:
        return checkpoint.digest(predictor.model)

    def _allows(self, method: str) -> bool:
        """Whether the model can be explained by a method; where the user insists on it, it has to be.

        Raises:
            InputError: if it has to, and cannot.
        """
        try:
            self._explainer(method, self.subject.positive)
        except InputError as error:
            if self.options.insists:
                raise InputError(f"--method {method}: {error}") from error
            LOGGER.info("note: without --method %s: %s", method, error)
            return False
        return True

    def examples(self) -> list[ExplainRequest]:
        """The sentences that are asked for.

        Raises:
            InputError: if there are none.
        """
        options = self.options
        examples = self.task.read_asked(options.split)
        if options.start >= len(examples):
            raise InputError(f"--start: expected less than {len(examples)}, the number of sentences in {options.split}")
        chosen = [ExplainRequest(number, example) for number, example in enumerate(examples)][
            options.start : options.stop
        ]
        if options.sample is None or options.sample >= len(chosen):
            return chosen
        generator = torch.Generator().manual_seed(options.seed)
        drawn = torch.randperm(len(chosen), generator=generator)[: options.sample]
        return [chosen[place] for place in sorted(drawn.tolist())]

    def read(self, asked: ExplainRequest) -> EncodedSentence:
        """An example's text. The user is told where it is longer than what the model reads."""
        (tokens,) = map(tuple, self.task.texts_of(asked.example))
        sentence = self.subject.read(tokens)
        if len(sentence.tokens) < len(tokens):
            LOGGER.info("note: of %d words the model reads %d: %s ...", len(tokens), len(sentence.tokens), tokens[0])
        return replace(sentence, number=asked.number)

    def phrases_of(self, asked: ExplainRequest, sentence: EncodedSentence) -> dict[Span, int]:
        """What the data knows of the phrases that are read."""
        known = self.task.phrases_of(asked.example)
        return {span: label for span, label in known.items() if span[1] <= len(sentence.tokens)}

    def scorer(self, method: str, label: int, sentence: EncodedSentence) -> ScoreSpans:
        """From phrases of a sentence to what they say for a class; ``InputError`` where that is no number.

        It starts all randomness anew, so that what is drawn for a sentence does not hang on others, where one comes
        after the other.
        """
        explainer = self._explainer(method, label)
        torch.manual_seed(seed_of(self.options.seed, sentence.number))

        def score(spans: Sequence[Span]) -> list[float]:
            scores = explainer(sentence.ids, [sentence.places(span) for span in spans])
            if not scores.isfinite().all():
                first = " ".join(sentence.tokens[:5])
                raise InputError(f"a score by {method} is not finite in the sentence: {first} ...", self.options.ckpt)
            return scores.tolist()

        return score

    @cache  # noqa: B019  # a session lives as long as its command
    def _explainer(self, method: str, label: int) -> Explainer:
        return EXPLAINERS[method](self.subject.access(label, self.sampled))

    def _contexts(self, lm: Predictor) -> Context:
        """Contexts from a language model."""
        options, model = self.options, lm.model
        if not isinstance(model, LanguageModel):
            raise InputError(f"holds a model for {lm.task.name}, not a language model", options.lm)
        padding_id = self.subject.predictor.vocabulary.padding_id
        try:
            translations = self.subject.translations(lm.vocabulary, lm.task.options.use_bert_tokenizer)
        except InputError as error:
            raise InputError(str(error), options.lm) from error
        language = BidirectionalSampler.of(model, *translations, padding_id)
        return SampledContext(language, options.nb_range, options.sample_n, options.share_samples)


def open_model(options: ExplainedModelOptions) -> ExplainedModel:
    """The classifier in the user's folder.

    Raises:
        InputError: if it holds none, or one of another kind than the user says.
    """
    folder = transformer_folder(options.ckpt)
    if options.explain_model is not None and (options.explain_model == "bert") is (folder is None):
        found = "a model of this package" if folder is None else "a transformer"
        raise InputError(f"--explain-model {options.explain_model}: the folder holds {found}", options.ckpt)
    recorded = checkpoint.read_config(options.ckpt) if folder is None else {}
    name = recorded.get("task", options.task or "sst")
    if options.task not in (None, name):
        raise InputError(f"--task {options.task}: the model is for {name}", options.ckpt)
    task_class = find_task(name)
    changes = {}
    if options.data_path is not None:
        if task_class.data_option is None:
            raise InputError(f"--data-path: the texts of {name} are in no folder of their own")
        changes[task_class.data_option] = str(options.data_path)
    device = find_device(options.device)
    if folder is not None:
        need_transformers()
        from latent_rationale.explain.models.transformer import ExplainedTransformer

        return ExplainedTransformer(folder, name, device, options.max_batch, options.data_path)
    predictor = Predictor.load(options.ckpt, task_class, device, changes)
    try:
        return ExplainedTextModel(predictor, options.max_batch)
    except InputError as error:
        raise InputError(str(error), options.ckpt) from error
