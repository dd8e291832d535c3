"""A trained classifier as explainers meet it."""

from abc import ABC, abstractmethod
from functools import partial

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import RecurrentClassifier
from latent_rationale.explain.explainers.contexts import Context
from latent_rationale.explain.explainers.explainer import MAX_BATCH
from latent_rationale.explain.explainers.methods import Access
from latent_rationale.explain.explainers.scd import Decompose
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping


class ExplainedModel(ABC):
    """A classifier of one text, by the margins of its classes.

    Attributes:
        AT_ONCE: sentences that go through it at a time, where the user names no number.

    Args:
        predictor: the trained model, for the task whose texts are explained.
        max_batch: sentences that go through it at a time.
    """

    AT_ONCE = MAX_BATCH

    def __init__(self, predictor: Predictor, max_batch: int | None = None):
        self.predictor = predictor
        self.names = predictor.task.output_names
        self.max_batch = max_batch or self.AT_ONCE

    @abstractmethod
    def read(self, tokens: tuple[str, ...]) -> EncodedSentence:
        """Words as the model reads them."""

    @abstractmethod
    def translations(self, words: Tokenizer, pieces: bool) -> tuple[VocabularyMapping, VocabularyMapping]:
        """Between the model and a language model of words, or of pieces of words: forwards, and backwards.

        Raises:
            InputError: if they cannot be brought together.
        """

    @abstractmethod
    def scores(self, tokens: Tokens) -> Tensor:
        """Scores ``[B, C]`` of sentences by their ids, all at once."""

    @abstractmethod
    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Scores ``[B, C]`` of embedded sentences ``[B, T, D]``, with gradients."""

    @abstractmethod
    def embed(self, ids: Tensor) -> Tensor:
        """Ids ``[*]`` as embeddings ``[*, D]``."""

    @abstractmethod
    def decomposable(self) -> Decompose:
        """The model's inside.

        Raises:
            InputError: where it cannot be split.
        """

    @abstractmethod
    def recurrent(self) -> RecurrentClassifier | None:
        """The inside of a recurrent model; None for a model that CD splits as SCD does.

        Raises:
            InputError: where the model cannot be split at all.
        """

    @property
    def positive(self) -> int:
        """Of two classes the one that says it is positive; where none does, the second."""
        return next((label for label, name in enumerate(self.names) if "pos" in name), len(self.names) - 1)

    def explained(self, prediction: Prediction) -> int:
        """Which score is explained: of two classes the positive one, of more the predicted one.

        Raises:
            InputError: for a prediction of several scores that are no classes.
        """
        if len(self.names) < 3:
            return self.positive
        if prediction.label is None:
            raise InputError(
                f"the model predicts {len(self.names)} scores that are no classes, and cannot be explained"
            )
        return prediction.label

    def access(self, label: int, sampled: Context | None) -> Access:
        """To the margin of a class, with contexts from a language model where there is one."""
        return Access(
            score=partial(self.score, label=label),
            padding_id=self.predictor.vocabulary.padding_id,
            embedding_score=partial(self._score_embedded, label=label),
            embed=self.embed,
            decomposable=self.decomposable,
            recurrent=self.recurrent,
            margin=partial(margin, label=label),
            max_batch=self.max_batch,
            sampled=sampled,
        )

    @torch.no_grad()
    def score(self, tokens: Tokens, label: int) -> Tensor:
        """The margins ``[B]`` of a class."""
        return margin(self.scores(tokens), label)

    def _score_embedded(self, embedded: Tensor, tokens: Tokens, label: int) -> Tensor:
        return margin(self.scores_embedded(embedded, tokens), label)


def margin(scores: Tensor, label: int) -> Tensor:
    """Of scores ``[B, C]``: the class's own less the largest other one, ``[B]``; a lone score as it is."""
    if scores.shape[1] == 1:
        return scores[:, 0]
    others = torch.cat([scores[:, :label], scores[:, label + 1 :]], dim=1)
    return scores[:, label] - others.amax(1)
