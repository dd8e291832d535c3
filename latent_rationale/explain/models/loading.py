"""Loading of trained models, and selection of their adapters for the explainers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.nn.model import TextModel
from latent_rationale.common.objectives import Supervised
from latent_rationale.common.training import checkpoint
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.models.finetuning import FineTuning
from latent_rationale.explain.models.function import ExplainedFunction, FunctionClassifier, Score, WordList
from latent_rationale.explain.models.options import FineTuningOptions
from latent_rationale.explain.models.text_model import ExplainedTextModel
from latent_rationale.explain.models.transformer_folder import need_transformers, transformer_folder
from latent_rationale.tasks import find_task


def load_predictor(
    folder: Path, device: torch.device, task: str | None = None, data_path: Path | None = None
) -> Predictor:
    """Load a trained model with its task and vocabulary.

    Args:
        folder: results folder of a training run, or a model of the ``transformers`` library.
        device: device of the model.
        task: name of the task whose texts are read. For a transformer the default is ``sst``; a results folder records
            its task.
        data_path: folder of these texts; by default as in training.

    Raises:
        InputError: if there is no model, or it is for another task.
    """
    external = transformer_folder(folder) == folder
    name = task or "sst" if external else checkpoint.read_config(folder)["task"]
    if task not in (None, name):
        raise InputError(f"--task {task}: the model is for {name}", folder)
    task_class = find_task(name)
    changes: dict[str, Any] = {}
    if data_path is not None:
        if task_class.data_option is None:
            raise InputError(f"--data-path: the task {name} does not read its texts from one folder")
        changes[task_class.data_option] = str(data_path)
    if not external:
        return Predictor.load(folder, task_class, device, changes)
    need_transformers()
    # Imported here, because the library takes seconds to import and is optional.
    from latent_rationale.explain.models.transformer import load_transformer

    return load_transformer(str(folder), device, name, data_path)


def connect_function(
    score: Score,
    words: Sequence[str],
    names: Sequence[str],
    embed: Callable[[Tensor], Tensor] | None = None,
    score_embedded: Score | None = None,
) -> Predictor:
    """Create a predictor from a function.

    Args:
        score: function from ids ``[B, T]`` to scores ``[B, C]``; see ``ExplainedFunction``.
        words: vocabulary; see ``WordList``.
        names: names of the ``C`` classes.
        embed: see ``ExplainedFunction``.
        score_embedded: see ``ExplainedFunction``.

    Raises:
        InputError: if the vocabulary has no unknown word or no padding.
    """
    vocabulary, task = WordList(words), FineTuning(FineTuningOptions(), tuple(names))
    explained = ExplainedFunction(score, vocabulary.padding_id, embed, score_embedded)
    return Predictor(task, vocabulary, FunctionClassifier(explained), Supervised(task.criterion), "a function")


def explained_model(predictor: Predictor, max_batch: int | None = None) -> ExplainedModel:
    """Return the adapter between a trained model and the explainers.

    Args:
        predictor: the model with its vocabulary.
        max_batch: maximum number of sentences per forward pass; the default depends on the kind of model.

    Raises:
        InputError: if the model is not a classifier of one text.
    """
    model = predictor.model
    if isinstance(model, TextModel):
        return ExplainedTextModel(model, predictor.vocabulary.padding_id, max_batch)
    if isinstance(model, FunctionClassifier):
        return model.explained if max_batch is None else model.explained.limited(max_batch)
    if isinstance(predictor.vocabulary, WordPieces):
        # Imported here, because the library takes seconds to import and is optional.
        from latent_rationale.explain.models.transformer import ExplainedTransformer
        from latent_rationale.explain.models.transformer_network import SequenceClassifier

        if isinstance(model, SequenceClassifier):
            return ExplainedTransformer(model, max_batch)
    raise InputError(f"holds a model for {predictor.task.name}, not a classifier of one text", predictor.source)
