"""Adapter between the explainers and classifiers of the ``transformers`` library."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.objectives import Supervised
from latent_rationale.common.structures import Tokens
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.decomposition.split_activation import SplitActivation
from latent_rationale.explain.decomposition.transformer import decompose
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.models.finetuning import FineTuning
from latent_rationale.explain.models.options import FineTuningOptions
from latent_rationale.explain.models.transformer_network import SequenceClassifier, trained, with_tokenizer

MAX_BATCH = 64
"""Default number of sentences per forward pass. More are slower, since activations exceed the cache of a CPU."""


class ExplainedTransformer(ExplainedModel):
    """Sequence classifier of ``transformers``, which reads word pieces.

    Args:
        model: the classifier, in evaluation mode.
        max_batch: maximum number of sentences per forward pass.
    """

    def __init__(self, model: SequenceClassifier, max_batch: int | None = None):
        super().__init__(model.pieces.padding_id, model.prefix.device, MAX_BATCH if max_batch is None else max_batch)
        self.model = model

    def scores(self, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of ids ``[B, T]``."""
        return self.model.scores(tokens)

    def embed(self, ids: Tensor) -> Tensor:
        """Look up the embedding of each piece, without that of its position, which the model adds."""
        embedded: Tensor = self.model.embedding(ids)
        return embedded

    def scores_embedded(self, embedded: Tensor, tokens: Tokens) -> Tensor:
        """Compute scores ``[B, C]`` of embedded pieces ``[B, T, D]``."""
        return self.model.scores_embedded(embedded, tokens)

    def decompose(self, contexts: Tensor, inside: Tensor, kind: type[SplitActivation]) -> SplitActivation:
        """Split the scores layer by layer; see ``ExplainedModel``.

        Raises:
            InputError: if there is no decomposition rule for a layer.
        """
        return decompose(self.model, contexts, inside, kind)

    def recurrent(self) -> None:
        """Return None: a transformer is not recurrent."""


def load_transformer(name: str, device: torch.device, task: str = "sst", data_path: Path | None = None) -> Predictor:
    """Load a trained classifier of the library as a predictor.

    Args:
        name: folder that ``save_pretrained`` of model and tokenizer wrote to, or a name in the library.
        device: device of the model.
        task: name of the task whose texts are read.
        data_path: folder of these texts; by default found in the data folder.

    Raises:
        InputError: if there is no such classifier, or an example of the task has several texts.
    """
    return _predictor(trained(name).to(device), name, task, data_path)


def connect_transformer(network: Any, tokenizer: Any, device: torch.device) -> Predictor:
    """Create a predictor from a classifier and a tokenizer of the library that are already loaded.

    Args:
        network: sequence classifier.
        tokenizer: fast tokenizer of the classifier.
        device: device of the model.

    Raises:
        InputError: if they do not fit together, or the scores do not stand for exclusive classes.
    """
    name = network.name_or_path or type(network).__name__
    return _predictor(with_tokenizer(network, tokenizer).to(device), name)


def _predictor(model: SequenceClassifier, name: str, task: str = "sst", data_path: Path | None = None) -> Predictor:
    config = model.network.config
    if config.num_labels > 1 and config.problem_type in ("multi_label_classification", "regression"):
        raise InputError(f"expected a model of exclusive classes, got {config.problem_type}", name)
    names = tuple(str(config.id2label.get(label, label)).lower() for label in range(config.num_labels))
    texts = FineTuning(FineTuningOptions(data_path=data_path), names, task)
    if len(texts.reader.text_names) > 1:
        raise InputError(f"--task {task}: an example is {' and '.join(texts.reader.text_names)}, not one text")
    return Predictor(texts, model.pieces, model, Supervised(texts.criterion), name)
