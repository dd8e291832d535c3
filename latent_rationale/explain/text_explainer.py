"""Explanation of the predictions of a trained classifier for texts, shared by commands and Python interface."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, NamedTuple

import torch

from latent_rationale.common.data.batching import seed_of
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.training import checkpoint
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers import EXPLAINERS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.explainers.contexts import Context, SampledContext
from latent_rationale.explain.explainers.explainer import Explainer
from latent_rationale.explain.hierarchy.agglomeration import ScoreSpans
from latent_rationale.explain.hierarchy.explanation import Explanation, Provenance
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.hierarchy.spans import Span, SpanTree
from latent_rationale.explain.language_model.model import LanguageModel
from latent_rationale.explain.language_model.sampler import BidirectionalSampler
from latent_rationale.explain.models.loading import explained_model
from latent_rationale.explain.settings import Phrasing, Sampling

POSITIVE = frozenset({"positive", "pos", "yes", "true", "1"})
"""Names of positive classes, in lower case."""


class ExplainRequest(NamedTuple):
    """Example whose prediction is to be explained.

    Attributes:
        number: index of the example in the data set or list, from 0.
        example: an example of the classifier's task.
    """

    number: int
    example: Any


class TextExplainer:
    """Classifier of one text together with the contexts, the explainers and the settings of explanations.

    Args:
        predictor: the classifier.
        lm: language model, for explainers that sample contexts.
        sampling: settings of the sampled contexts.
        max_batch: maximum number of sentences per forward pass.

    Raises:
        InputError: if a model is of the wrong kind, or the vocabularies of both models do not fit together.
    """

    def __init__(
        self,
        predictor: Predictor,
        lm: Predictor | None = None,
        sampling: Sampling | None = None,
        max_batch: int | None = None,
    ):
        self.predictor = predictor
        self.model = explained_model(predictor, max_batch)
        self.names = predictor.task.output_names
        self.lm = lm
        self.sampling = sampling or Sampling()
        self.context = None if lm is None else _sampled_context(predictor, lm, self.sampling)
        self._explainers: dict[tuple[str, int], Explainer] = {}

    def explain(
        self,
        requests: Sequence[ExplainRequest],
        method: str,
        phrasing: Phrasing,
        label: str | None = None,
        source: str = "text",
    ) -> Iterator[Explanation]:
        """Explain examples one by one, lazily.

        Args:
            requests: the examples.
            method: name of the explainer.
            phrasing: choice of the phrases.
            label: name of the class to explain; see ``explained_label`` for the default.
            source: name of the split that the examples come from, or ``text``.

        Yields:
            One explanation per example, in the order of the requests.

        Raises:
            InputError: if the method or label is unknown, the method does not fit the model, or a score is not finite.
        """
        provenance = self.provenance(method, phrasing)
        predictions = self.predictor.predict_examples([request.example for request in requests])
        for request, prediction in zip(requests, predictions, strict=True):
            sentence, explained = self.encode(request), self.explained_label(prediction.label, label)
            score = self.scorer(method, explained, sentence)
            length = len(sentence.tokens)
            tree = phrasing.tree(score, length, self.phrases_of(request, sentence))
            spans = phrasing.spans(length, tree)
            scores = dict(zip(spans, score(spans), strict=True))
            try:
                yield self._explanation(sentence, scores, tree, prediction, explained, provenance, source)
            except ValueError as error:  # a prediction that is not finite, or too many levels of phrases
                first = " ".join(sentence.tokens[:5])
                raise InputError(f"{error} in the sentence: {first} ...", self.predictor.source) from error

    def _explanation(
        self,
        sentence: EncodedSentence,
        scores: dict[Span, float],
        tree: SpanTree | None,
        prediction: Prediction,
        label: int,
        provenance: Provenance,
        source: str,
    ) -> Explanation:
        return Explanation(
            source=source,
            number=sentence.number,
            tokens=sentence.tokens,
            spans=tuple(scores),
            scores=tuple(scores.values()),
            tree=tree,
            explained=self.names[label],
            said=prediction.summary,
            label=prediction.label,
            probabilities=prediction.scores,
            provenance=provenance,
        )

    def encode(self, request: ExplainRequest) -> EncodedSentence:
        """Convert the text of an example to ids, and log a note if it is longer than the model can read."""
        (tokens,) = map(tuple, self.predictor.task.texts_of(request.example))
        ids, edges = self.predictor.vocabulary.encode_with_edges(tokens)
        read = tokens[: len(edges) - 1]
        if len(read) < len(tokens):
            LOGGER.info(
                "note: a text of %d words is truncated to %d, the limit of the model: %s ...",
                len(tokens),
                len(read),
                tokens[0],
            )
        return EncodedSentence(read, torch.tensor(ids, device=self.model.device), tuple(edges), request.number)

    def phrases_of(self, request: ExplainRequest, sentence: EncodedSentence) -> dict[Span, int]:
        """Return the annotated phrases of an example that the model reads entirely, with their classes.

        Args:
            request: the example.
            sentence: result of ``encode``, which may be truncated.
        """
        annotated = self.predictor.task.phrases_of(request.example)
        return {span: label for span, label in annotated.items() if span[1] <= len(sentence.tokens)}

    def explained_label(self, predicted: int | None, name: str | None = None) -> int:
        """Choose the class that is explained.

        Args:
            predicted: the predicted class.
            name: name of the class. By default, the positive one of two classes, and the predicted one of more.

        Raises:
            InputError: if there is no class with this name, or the model is a regression with several targets.
        """
        if len(self.names) > 2 and predicted is None:
            raise InputError(f"the model predicts {len(self.names)} scores instead of classes and cannot be explained")
        if name is not None:
            return self.label_named(name)
        return self.positive if len(self.names) < 3 or predicted is None else predicted

    def label_named(self, name: str) -> int:
        """Return the index of a class; upper and lower case are equivalent.

        Raises:
            InputError: if there is no such class.
        """
        names = [class_name.lower() for class_name in self.names]
        if name.lower() not in names:
            raise InputError(f"--label {name}: the classes are {', '.join(self.names)}")
        return names.index(name.lower())

    @property
    def positive(self) -> int:
        """Index of the positive class out of two."""
        return positive_label(self.names)

    def explainer(self, method: str, label: int) -> Explainer:
        """Return the explainer of a class, which is created on first use.

        Args:
            method: name of the explainer.
            label: index of the class.

        Raises:
            InputError: if there is no such method, it does not fit the model, or it needs a language model.
        """
        if method not in EXPLAINERS:
            raise InputError(f"unknown method {method}: expected one of {', '.join(EXPLAINERS)}")
        if (method, label) not in self._explainers:
            self._explainers[method, label] = EXPLAINERS[method](self.model, label, self.context)
        return self._explainers[method, label]

    def scorer(self, method: str, label: int, sentence: EncodedSentence) -> ScoreSpans:
        """Return a function from phrases of a sentence, as spans of words, to their scores.

        Samples depend only on the seed, the index of the sentence and earlier calls of the function. The function
        raises an ``InputError`` if a score is not finite.

        Args:
            method: name of the explainer.
            label: index of the class to explain.
            sentence: the sentence.
        """
        explainer = self.explainer(method, label)
        generator = torch.Generator().manual_seed(seed_of(self.sampling.seed, sentence.number))

        def score(spans: Sequence[Span]) -> list[float]:
            scores = explainer(sentence.ids, [sentence.places(span) for span in spans], generator)
            if not scores.isfinite().all():
                first = " ".join(sentence.tokens[:5])
                message = f"a score by {method} is not finite in the sentence: {first} ..."
                raise InputError(message, self.predictor.source)
            return scores.tolist()

        return score

    def provenance(self, method: str, phrasing: Phrasing | None = None) -> Provenance:
        """Return the record of how scores are computed: method, models and settings."""
        sampled: dict[str, Any] = {}
        if method in NEED_LANGUAGE_MODEL and self.lm is not None:
            sampled = asdict(self.sampling) | {"lm": self.lm.source, "lm_digest": self._lm_digest}
        return Provenance(
            method=method,
            model=self.predictor.source,
            model_digest=self._digest,
            **sampled,
            **asdict(phrasing or Phrasing()),
        )

    @cached_property
    def _digest(self) -> str:
        return checkpoint.digest(self.predictor.model.state_dict())[:12]

    @cached_property
    def _lm_digest(self) -> str | None:
        return None if self.lm is None else checkpoint.digest(self.lm.model.state_dict())[:12]


def positive_label(names: Sequence[str]) -> int:
    """Return the index of the positive class: of exactly one with a name in ``POSITIVE``, else of the last one."""
    positive = [label for label, name in enumerate(names) if name.lower() in POSITIVE]
    return positive[0] if len(positive) == 1 else len(names) - 1


def _sampled_context(predictor: Predictor, lm: Predictor, sampling: Sampling) -> Context:
    """Create contexts that are sampled from a language model for a classifier.

    Args:
        predictor: the classifier.
        lm: the language model.
        sampling: settings of the samples.

    Raises:
        InputError: if ``lm`` is no language model, or its units do not fit those of the classifier.
    """
    if not isinstance(lm.model, LanguageModel):
        raise InputError(f"holds a model for {lm.task.name}, not a language model", lm.source)
    pieces = lm.task.options.use_bert_tokenizer
    try:
        sampler = BidirectionalSampler.between(lm.model, lm.vocabulary, predictor.vocabulary, pieces)
    except InputError as error:
        raise InputError(str(error), lm.source) from error
    return SampledContext(sampler, sampling.nb_range, sampling.sample_n, sampling.share_samples)
