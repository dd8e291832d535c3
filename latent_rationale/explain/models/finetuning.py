"""Task of fine-tuning a pretrained encoder, and of classifiers that were trained elsewhere."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn import functional

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.options import TextPredictOptions
from latent_rationale.common.experiment.task import Splits, Task
from latent_rationale.common.experiment.variants import Rank
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives.objectives import Objective, Supervised
from latent_rationale.common.predictions.prediction import TextPrediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, accuracy
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import find_data
from latent_rationale.explain.models.options import FineTuningOptions
from latent_rationale.explain.models.transformer_folder import (
    EXPORTED,
    FINE_TUNING,
    need_transformers,
    transformer_folder,
)
from latent_rationale.tasks import find_task


class FineTuning(Task[FineTuningOptions]):
    """Classification of texts by a pretrained encoder, or by a classifier that was trained elsewhere.

    Texts, labels and phrases are those of another task.

    Args:
        options: options of a training run.
        names: names of the classes; two classes of sentiment, unless given.
        task: name of the task whose texts are read.
    """

    name = FINE_TUNING
    options_class = FineTuningOptions
    predict_options_class = TextPredictOptions
    first_best_epoch = 1
    headline = ("acc", "loss")

    def __init__(
        self, options: FineTuningOptions, names: tuple[str, ...] = ("negative", "positive"), task: str = "sst"
    ):
        super().__init__(options)
        self.names = names
        own: dict[str, Any] = {} if options.data_path is None else {"data_path": options.data_path}
        if task == "sst":
            own |= {"classes": 5 if len(names) == 5 else 2, "no_subtrees": options.no_subtrees}
        self.reader = find_task(task).without_vectors(**own)

    @classmethod
    def resolve(cls, options: FineTuningOptions) -> FineTuningOptions:
        """Find the folder of the data."""
        need_transformers()
        return replace(options, data_path=options.data_path or find_data("sst2"))

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.names

    def start(self, splits: Splits) -> tuple[Tokenizer, Model, Objective]:
        """Load the pretrained encoder and its tokenizer, and add a head for the classes."""
        from latent_rationale.explain.models.transformer_network import pretrained

        named = transformer_folder(Path(self.options.bert_model)) or self.options.bert_model
        model = pretrained(str(named), self.names, self.options.max_seq_length)
        return model.pieces, model, Supervised(self.criterion)

    def keep(self, folder: Path, words: Any, model: Model) -> None:
        """Save tokenizer and architecture."""
        shutil.rmtree(folder / EXPORTED, ignore_errors=True)  # of a run that this one replaces
        network: Any = model.network
        _save(folder, words.tokenizer, network.config)

    def finish(self, folder: Path, model: Model) -> None:
        """Save the weights in the format of the library."""
        _save(folder, model.network)

    def reopen(self, folder: Path) -> tuple[Tokenizer, Model, Objective]:
        """Build the model from the files that ``keep`` wrote."""
        need_transformers()
        from latent_rationale.explain.models.transformer_network import untrained

        if not (folder / EXPORTED).is_dir():
            raise InputError("no such folder, and without it no model", folder / EXPORTED)
        model = untrained(str(folder / EXPORTED), self.options.max_seq_length)
        return model.pieces, model, Supervised(self.criterion)

    @cached_property
    def _data(self) -> Task[Any]:
        return self.reader.resolved()

    @property
    def source(self) -> str:
        """The place of the reader's texts."""
        return self._data.source

    @property
    def model_name(self) -> str:
        """The pretrained encoder."""
        return self.options.bert_model

    def read_split(self, name: str) -> Sequence[Any]:
        """Read the examples of the other task."""
        return self._data.read_split(name)

    def texts_of(self, example: Any) -> tuple[Sequence[str], ...]:
        """Return the words of the text."""
        return self.reader.texts_of(example)

    def phrases_of(self, example: Any) -> dict[tuple[int, int], int]:
        """Return the phrases that the other task knows, with their classes."""
        return self.reader.phrases_of(example)

    def targets_of(self, examples: Sequence[Any]) -> Tensor:
        """Return the classes ``[N]``."""
        return self.reader.targets_of(examples)

    def example_of(self, texts: tuple[Sequence[str], ...]) -> Any:
        """Make an example of a text without a label."""
        return self.reader.example_of(texts)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Compute the cross-entropy ``[B]``."""
        return functional.cross_entropy(output.scores, batch.targets, reduction="none")

    def rank(self, dev: dict[str, float]) -> Rank:
        """The loss on dev; a fine-tuned encoder has no target share."""
        return 0.0, dev["loss"]

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Count correct predictions."""
        return {"acc": accuracy(output, batch)}

    def predictions(self, output: Output, batch: Batch) -> Sequence[TextPrediction]:
        """Predict classes with probabilities; of a model with one score, the score."""
        lone = len(self.names) == 1
        rows = (output.scores if lone else output.scores.softmax(-1)).tolist()
        labels = [None if lone else row.index(max(row)) for row in rows]
        said = [f"{self.names[0]} {row[0]:.3f}" if lone else self.names[row.index(max(row))] for row in rows]
        return [
            TextPrediction(tuple(row), label, name, tuple(self.texts_of(example)[0]), None)
            for row, label, name, example in zip(rows, labels, said, batch.examples, strict=True)
        ]

    def gold(self, example: Any) -> dict[str, Any]:
        """Return the gold label as the other task does."""
        return self.reader.gold(example)


def _save(folder: Path, *parts: Any) -> None:
    """Save parts of a model of the library under a temporary name, then move the complete files to their place."""
    target = folder / EXPORTED
    temporary = target.with_name(target.name + ".tmp")
    for part in parts:
        part.save_pretrained(temporary)
    target.mkdir(exist_ok=True)
    for path in temporary.iterdir():
        path.replace(target / path.name)
    temporary.rmdir()
