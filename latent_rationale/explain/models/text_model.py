"""The models of this package as explainers meet them."""

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.nn.text_model import TextModel
from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.recurrent import RecurrentClassifier
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.explainers.scd import Decompose
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping, WordMapping


class ExplainedTextModel(ExplainedModel):
    """A model that reads a text word by word.

    Raises:
        InputError: for a model that reads something else.
    """

    def __init__(self, predictor: Predictor, max_batch: int | None = None):
        super().__init__(predictor, max_batch)
        if not isinstance(predictor.model, TextModel):
            raise InputError(f"holds a model for {predictor.task.name}, and no classifier of one text")
        self.model = predictor.model
        self._inside = RecurrentClassifier.of(self.model) if RecurrentClassifier.fits(self.model) else None

    def read(self, tokens: tuple[str, ...]) -> EncodedSentence:
        """One id for each word."""
        ids = torch.tensor(self.predictor.vocabulary.encode(tokens), device=self.model.embedding.weight.device)
        return EncodedSentence(tokens, ids, tuple(range(len(tokens) + 1)))

    def translations(self, words: Tokenizer, pieces: bool) -> tuple[VocabularyMapping, VocabularyMapping]:
        """Word for word, in both directions alike."""
        if pieces:
            raise InputError("reads pieces of words, and the classifier reads words")
        same = WordMapping.between(self.predictor.vocabulary, words, self.model.embedding.weight.device)
        return same, same

    def scores(self, tokens: Tokens) -> Tensor:
        """What the model says; where it is recurrent, by reading once what sentences have in common.

        Elsewhere than on a processor it takes longer to find that out than to read all of them.
        """
        if self._inside is not None and tokens.ids.device.type == "cpu":
            return self._inside.scores(tokens)
        return self.scores_embedded(self.embed(tokens.ids), tokens)

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """What the model says."""
        return self.model.read(embedded, tokens).scores

    def embed(self, ids: Tensor) -> Tensor:
        """Word by word."""
        embedded: Tensor = self.model.embedding(ids)
        return embedded

    def decomposable(self) -> Decompose:
        """By the cells of its encoder."""
        return self.recurrent().decompose

    def recurrent(self) -> RecurrentClassifier:
        """Its two cells and its output layer."""
        return RecurrentClassifier.of(self.model)
