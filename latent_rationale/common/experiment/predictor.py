"""A trained model, ready for texts."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.objectives.objectives import Objective
from latent_rationale.common.predictions.display import LabelledPrediction
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.loop import Evaluation, outputs
from latent_rationale.common.utils import config
from latent_rationale.common.utils.errors import InputError


class Predictor:
    """Predicts with a model.

    Args:
        task: what the model was trained for.
        vocabulary: what gives words the ids that the model reads.
        model: from a batch to an output.
        objective: what it was trained with, for the loss of an evaluation.
    """

    def __init__(self, task: Task[Any], vocabulary: Tokenizer, model: nn.Module, objective: Objective):
        self.task = task
        self.vocabulary = vocabulary
        self.model = model.eval()
        self.objective = objective.eval()

    @classmethod
    def load(
        cls, folder: Path, task_class: type[Task[Any]], device: torch.device, changes: dict[str, Any] | None = None
    ) -> "Predictor":
        """The best model of a results folder. Needs nothing but the folder.

        Args:
            folder: where training wrote.
            task_class: the task it was training for.
            device: where to compute.
            changes: training options to replace, such as where data is.

        Raises:
            InputError: if the folder holds no model of this task.
        """
        recorded = checkpoint.read_config(folder)
        if recorded["task"] != task_class.name:
            raise InputError(f"holds a model for {recorded['task']}, not for {task_class.name}", folder)
        try:
            options = config.make(task_class.options_class, recorded["options"] | (changes or {}))
        except InputError as error:
            raise InputError(str(error), folder / checkpoint.CONFIG) from error
        task = task_class(options)
        vocabulary, model, objective = task.reopen(folder)
        checkpoint.load_weights(folder, model, objective)
        return cls(task, vocabulary, model.to(device), objective.to(device))

    def predict(self, examples: Sequence[Any]) -> list[Prediction]:
        """Predictions for texts: raw ones as strings, tokenised ones as sequences of tokens.

        Args:
            examples: texts; tuples of texts for a task in which an example has several.

        Raises:
            InputError: for a text without words, or an example with too few or too many texts.
        """
        names = self.task.text_names
        tokenized = [self._words_of(example if len(names) > 1 else (example,)) for example in examples]
        for number, texts in enumerate(tokenized, start=1):
            if len(texts) != len(names):
                raise InputError(f"example {number}: expected {' and '.join(names)}, got {len(texts)} texts")
            if not all(texts):
                raise InputError(f"text {number} has no words")
        return self.predict_examples([self.task.example_of(texts) for texts in tokenized])

    def _words_of(self, texts: Sequence[str | Sequence[str]]) -> tuple[list[str], ...]:
        return tuple(list(self.task.tokenize(text) if isinstance(text, str) else text) for text in texts)

    def predict_examples(self, examples: Sequence[Any]) -> list[Prediction]:
        """Predictions for examples of the task, in their order."""
        return self._predict(examples, lambda output, batch: None)

    def evaluate(self, examples: Sequence[Any]) -> tuple[dict[str, float], list[Prediction]]:
        """The task's measures over examples, and predictions in their order, from one pass."""
        evaluation = Evaluation(self.objective, self.task.measure)
        predictions = self._predict(examples, evaluation.add)
        return evaluation.values(), predictions

    def _predict(self, examples: Sequence[Any], see: Callable[[Output, Batch], None]) -> list[Prediction]:
        if not examples:
            return []
        data = self.task.encode(examples, self.vocabulary)
        size = self.task.options.eval_batch_size
        found: list[Prediction] = []
        for batch, output in outputs(self.model, data, size):
            see(output, batch)
            found += self.task.predictions(output, batch)
        order = torch.cat(data.in_order(size)).tolist()
        return [prediction for _, prediction in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]


def label_predictions(
    source: str, task: Task[Any], predictions: Sequence[Prediction], examples: Sequence[Any]
) -> list[LabelledPrediction]:
    """Combine predictions for the examples of a data set or file with the gold labels of these examples."""
    return [
        LabelledPrediction(source, prediction, task.gold(example))
        for prediction, example in zip(predictions, examples, strict=True)
    ]
