"""Task of fine-tuning a pretrained encoder, and of classifiers that were trained elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn import functional

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.options import TextPredictOptions
from latent_rationale.common.experiment.targets import Target
from latent_rationale.common.experiment.task import Splits, Task, Text
from latent_rationale.common.experiment.variants import Rank
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective, Supervised
from latent_rationale.common.predictions.prediction import TextPrediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, accuracy
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import find_data
from latent_rationale.explain.models.exported_files import EXPORTED, export, exported_files
from latent_rationale.explain.models.options import FineTuningOptions
from latent_rationale.explain.models.transformer_folder import FINE_TUNING, need_transformers, transformer_folder
from latent_rationale.tasks import find_task


class FineTuning(Task[FineTuningOptions]):
    """Classification of texts by a pretrained encoder, or by a classifier that was trained elsewhere.

    Texts, labels and phrases come from another task.

    Args:
        options: options of a training run.
        names: names of the classes.
        task: name of the task that reads the texts.

    Attributes:
        reader: the task that reads the texts.
    """

    name = FINE_TUNING
    options_class = FineTuningOptions
    predict_options_class = TextPredictOptions
    first_best_epoch = 1
    kept = (EXPORTED,)
    headline = ("acc", "loss")

    def __init__(
        self, options: FineTuningOptions, names: tuple[str, ...] = ("negative", "positive"), task: str = "sst"
    ):
        super().__init__(options)
        self.names = names
        changes: dict[str, Any] = {} if options.data_path is None else {"data_path": options.data_path}
        if task == "sst":
            changes |= {"classes": 5 if len(names) == 5 else 2, "no_subtrees": options.no_subtrees}
        self.reader = find_task(task).without_vectors(**changes)

    @classmethod
    def resolve(cls, options: FineTuningOptions) -> FineTuningOptions:
        """Fill in the folder of the data.

        Raises:
            InputError: if there is no data, or the files of an earlier run cannot be replaced.
        """
        need_transformers()
        if options.overwrite:
            exported_files(options.save_path)
        return replace(options, data_path=options.data_path or find_data("sst2"))

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.names

    def start(self, splits: Splits) -> tuple[Tokenizer, Model, Objective]:
        """Load the pretrained encoder and its tokenizer, and add a head for the classes."""
        # Imported here and below, because the transformers library is optional.
        from latent_rationale.explain.models.transformer_network import pretrained

        name = transformer_folder(Path(self.options.bert_model)) or self.options.bert_model
        model = pretrained(str(name), self.names, self.options.max_seq_length)
        return model.pieces, model, Supervised(self.criterion)

    def keep(self, folder: Path, vocabulary: Any, model: Model) -> None:
        """Save the tokenizer and the configuration of the network, without weights."""
        for path in exported_files(folder):  # of a run that --overwrite replaces
            path.unlink()
        network: Any = model.network
        # As the library writes it with the weights, so that the file stays the same when ``finish`` saves them.
        network.config.architectures = [type(network).__name__]
        network.config.dtype = network.dtype
        export(folder, vocabulary.tokenizer, network.config)

    def finish(self, folder: Path, model: Model) -> None:
        """Save the weights in the format of the library."""
        export(folder, model.network)

    def reopen(self, folder: Path) -> tuple[Tokenizer, Model, Objective]:
        """Build the model from the files that ``keep`` wrote."""
        need_transformers()
        from latent_rationale.explain.models.transformer_network import untrained

        if not (folder / EXPORTED).is_dir():
            raise InputError("no such folder; the results folder is incomplete", folder / EXPORTED)
        model = untrained(str(folder / EXPORTED), self.options.max_seq_length)
        return model.pieces, model, Supervised(self.criterion)

    @cached_property
    def _data(self) -> Task[Any]:
        return self.reader.resolved()

    @property
    def source(self) -> str:
        """Location of the texts, for messages."""
        return self._data.source

    @property
    def model_name(self) -> str:
        """Name of the pretrained encoder."""
        return self.options.bert_model

    def read_split(self, name: str) -> Sequence[Any]:
        """Read the examples of the other task."""
        return self._data.read_split(name)

    def texts_of(self, example: Any) -> tuple[Sequence[str], ...]:
        """Return the words of the text."""
        return self.reader.texts_of(example)

    def phrases_of(self, example: Any) -> dict[tuple[int, int], int]:
        """Return the annotated phrases of the other task, with their classes."""
        return self.reader.phrases_of(example)

    def targets_of(self, examples: Sequence[Any]) -> Tensor:
        """Return the classes ``[N]``."""
        return self.reader.targets_of(examples)

    def example_of(self, texts: tuple[Text, ...]) -> Any:
        """Return a text without a label."""
        return self.reader.example_of(texts)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Compute the cross-entropy ``[B]``."""
        return functional.cross_entropy(output.scores, batch.targets, reduction="none")

    def rank(self, dev: dict[str, float]) -> Rank:
        """Return the loss on dev as sort key; a fine-tuned encoder has no target share."""
        return 0.0, dev["loss"]

    def missed_targets(self, dev: dict[str, float]) -> dict[Target, str]:
        """Return no target, because no option sets one."""
        return {}

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Compute the accuracy of the predictions."""
        return {"acc": accuracy(output, batch)}

    def predictions(self, output: Output, batch: Batch) -> Sequence[TextPrediction]:
        """Convert the output to classes with probabilities, or for a model with a single output to its score."""
        regression = len(self.names) == 1
        rows = (output.scores if regression else output.scores.softmax(-1)).tolist()
        labels = [None if regression else row.index(max(row)) for row in rows]
        label_names = [
            f"{self.names[0]} {row[0]:.3f}" if regression else self.names[row.index(max(row))] for row in rows
        ]
        return [
            TextPrediction(tuple(row), label, name, tuple(self.texts_of(example)[0]), None)
            for row, label, name, example in zip(rows, labels, label_names, batch.examples, strict=True)
        ]

    def gold(self, example: Any) -> dict[str, Any]:
        """Return the gold label as the other task does."""
        return self.reader.gold(example)
