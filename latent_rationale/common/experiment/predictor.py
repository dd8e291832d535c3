"""Predictions of a trained model for texts and for examples of a task."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import torch

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.task import Task, Text
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective
from latent_rationale.common.predictions.display import LabelledPrediction
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.loop import Evaluation, outputs
from latent_rationale.common.training.results import RESULTS
from latent_rationale.common.utils import config
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json


class Predictor:
    """Trained model together with its task and vocabulary, for predictions.

    Args:
        task: task that the model was trained for.
        vocabulary: mapping of words to the ids that the model reads.
        model: module that maps a ``Batch`` to an ``Output``; it is put into evaluation mode.
        objective: objective of the training, for the losses of an evaluation.
        source: origin of the model, such as its folder, for messages and the provenance of explanations.

    Attributes:
        results: content of ``results.json``; empty if the training run has not ended.
    """

    def __init__(
        self, task: Task[Any], vocabulary: Tokenizer, model: Model, objective: Objective, source: str = "model"
    ):
        self.task = task
        self.vocabulary = vocabulary
        self.model = model.eval()
        self.objective = objective.eval()
        self.source = source
        self.results: dict[str, float] = {}

    @classmethod
    def load(
        cls, folder: Path, task_class: type[Task[Any]], device: torch.device, changes: dict[str, Any] | None = None
    ) -> Self:
        """Load the best model of a results folder. Neither the data nor the file of word vectors is needed.

        Args:
            folder: results folder of a training run.
            task_class: task that the model was trained for.
            device: device of the model.
            changes: training options to replace, such as the folder of the data.

        Raises:
            InputError: if the folder holds no model of this task.
        """
        recorded = checkpoint.read_config(folder)
        if recorded["task"] != task_class.name:
            raise InputError(f"holds a model for {recorded['task']}, not for {task_class.name}", folder)
        try:
            options = config.from_json(task_class.options_class, recorded["options"] | (changes or {}))
        except InputError as error:
            raise InputError(str(error), folder / checkpoint.CONFIG) from error
        task = task_class(options)
        # Building the model draws initial weights, which are then replaced. This must not advance the user's generator.
        with torch.random.fork_rng(devices=[]):
            vocabulary, model, objective = task.reopen(folder)
        checkpoint.load_weights(folder, model, objective)
        predictor = cls(task, vocabulary, model.to(device), objective.to(device), str(folder))
        if (folder / RESULTS).is_file():
            predictor.results = read_json(folder / RESULTS)
        return predictor

    @property
    def device(self) -> torch.device:
        """Device of the model."""
        return next(self.model.parameters()).device

    def predict(self, texts: Text | Sequence[Any], batch_size: int | None = None) -> list[Prediction]:
        """Predict for raw or tokenized texts.

        Args:
            texts: one string, or a list of texts; for a task with several texts per example, a list of tuples of texts.
            batch_size: examples per step; by default as in the evaluations of the training run.

        Returns:
            One prediction per example, in the order of the examples.

        Raises:
            InputError: for a text without words, or an example with too few or too many texts.
        """
        return self.predict_examples(self.examples_of(texts), batch_size)

    def examples_of(self, texts: Text | Sequence[Any]) -> list[Any]:
        """Return unlabelled examples of the task that consist of the given texts.

        Args:
            texts: texts as in ``predict``.

        Raises:
            InputError: for a text without words, or an example with too few or too many texts.
        """
        names = self.task.text_names
        # An example of a task with one text is that text. A string is one text too, not a sequence of characters.
        rows = [
            (example,) if isinstance(example, str) or len(names) == 1 else tuple(example)
            for example in ([texts] if isinstance(texts, str) else texts)
        ]
        for number, row in enumerate(rows, start=1):
            if len(row) != len(names):
                raise InputError(f"example {number}: expected {' and '.join(names)}, got {len(row)} texts")
            if not all(text.strip() if isinstance(text, str) else text for text in row):
                raise InputError(f"text {number} has no words")
        return [self.task.example_of(row) for row in rows]

    def predict_examples(self, examples: Sequence[Any], batch_size: int | None = None) -> list[Prediction]:
        """Predict for examples of the task.

        Args:
            examples: the examples.
            batch_size: examples per step; by default as in the evaluations of the training run.

        Returns:
            One prediction per example, in the order of the examples.
        """
        return self._predict(examples, lambda output, batch: None, batch_size)

    def evaluate(self, examples: Sequence[Any]) -> tuple[dict[str, float], list[Prediction]]:
        """Evaluate the model on labelled examples.

        Returns:
            The measures by name, and one prediction per example, in the order of the examples.
        """
        evaluation = Evaluation(self.objective, self.task.measure)
        predictions = self._predict(examples, evaluation.add)
        return evaluation.values(), predictions

    def _predict(
        self, examples: Sequence[Any], visit: Callable[[Output, Batch], None], batch_size: int | None = None
    ) -> list[Prediction]:
        """Predict for examples, and call a function with the output for each batch."""
        if not examples:
            return []
        size = self.task.options.eval_batch_size if batch_size is None else batch_size
        if size < 1:
            raise InputError(f"batch_size: expected 1 or more, got {size}")
        data = self.task.encode(examples, self.vocabulary)
        predictions: list[Prediction] = []
        for batch, output in outputs(self.model, data, size):
            visit(output, batch)
            predictions += self.task.predictions(output, batch)
        # Batches are sorted by length, so the predictions are put back into the order of the examples.
        order = torch.cat(data.in_order(size)).tolist()
        return [prediction for _, prediction in sorted(zip(order, predictions, strict=True), key=lambda pair: pair[0])]


def label_predictions(
    source: str, task: Task[Any], predictions: Sequence[Prediction], examples: Sequence[Any]
) -> list[LabelledPrediction]:
    """Combine predictions with the gold labels of their examples.

    Args:
        source: name of the split or file that the examples come from.
        task: task of the examples.
        predictions: predictions in the order of the examples.
        examples: the examples.
    """
    return [
        LabelledPrediction(source, prediction, task.gold(example))
        for prediction, example in zip(predictions, examples, strict=True)
    ]
