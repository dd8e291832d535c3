"""Classifiers of the ``transformers`` library as explainers meet them."""

from pathlib import Path

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.objectives.objectives import Supervised
from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.transformer import decomposable
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.explainers.scd import Decompose
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.language_model.vocabulary_mapping import VocabularyMapping, WordMapping
from latent_rationale.explain.language_model.word_piece_mapping import WordPieceMapping
from latent_rationale.explain.models.finetuning import FineTuning
from latent_rationale.explain.models.options import FineTuningOptions
from latent_rationale.explain.models.transformer_network import trained


class ExplainedTransformer(ExplainedModel):
    """A model that reads a text in pieces of words.

    Args:
        folder: where ``save_pretrained`` of model and tokenizer wrote.
        task: the name of the task whose texts are explained.
        device: where to compute.
        max_batch: sentences that go through it at a time.
        data_path: the folder of the texts; looked for, unless given.

    Raises:
        InputError: if there is no such model, or an example of the task has several texts.
    """

    AT_ONCE = 64  # more are slower: what is between two layers no longer fits into a processor's cache

    def __init__(
        self,
        folder: Path,
        task: str,
        device: torch.device,
        max_batch: int | None = None,
        data_path: Path | None = None,
    ):
        self.model = trained(str(folder)).to(device)
        self.pieces = self.model.pieces
        config = self.model.network.config
        if config.num_labels > 1 and config.problem_type in ("multi_label_classification", "regression"):
            raise InputError(f"its scores are no classes, but of the kind {config.problem_type}", folder)
        names = tuple(str(config.id2label.get(label, label)).lower() for label in range(config.num_labels))
        texts = FineTuning(FineTuningOptions(data_path=data_path), names, task)
        if len(texts.reader.text_names) > 1:
            raise InputError(f"--task {task}: an example is {' and '.join(texts.reader.text_names)}, not one text")
        super().__init__(Predictor(texts, self.pieces, self.model, Supervised(texts.criterion)), max_batch)

    def read(self, tokens: tuple[str, ...]) -> EncodedSentence:
        """The pieces of the words that fit."""
        ids, edges = self.pieces.read(tokens)
        return EncodedSentence(
            tokens[: len(edges) - 1], torch.tensor(ids, device=self.model.prefix.device), tuple(edges)
        )

    def translations(self, words: Tokenizer, pieces: bool) -> tuple[VocabularyMapping, VocabularyMapping]:
        """Piece for piece; or through words."""
        device = self.model.prefix.device
        if pieces:
            if len(set(words.words).intersection(self.pieces.words)) < len(words.words) / 2:
                raise InputError("reads other pieces of words than the classifier")
            same = WordMapping.between(self.pieces, words, device)
            return same, same
        forwards, backwards = (WordPieceMapping(self.pieces, words, mirrored, device) for mirrored in (False, True))
        return forwards, backwards

    def scores(self, tokens: Tokens) -> Tensor:
        """What the model says."""
        return self.model.scores(tokens)

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """What the model says, where it takes embeddings."""
        return self.model.scores_embedded(embedded, tokens)

    def embed(self, ids: Tensor) -> Tensor:
        """Without places, which the model adds."""
        embedded: Tensor = self.model.embedding(ids)
        return embedded

    def decomposable(self) -> Decompose:
        """Layer by layer."""
        return decomposable(self.model)

    def recurrent(self) -> None:
        """There is none."""
