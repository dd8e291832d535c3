"""Task of the user's own tables of texts: classes, sets of classes, or numbers."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from latent_rationale.common.data.tokenization import find_words
from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.experiment.task import Splits, Task, Text
from latent_rationale.common.nn.model import Model
from latent_rationale.common.objectives import Objective
from latent_rationale.common.predictions.prediction import rationales
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.metrics import MeanMetric, selection_shares, transitions
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_json
from latent_rationale.common.utils.writing import write_json
from latent_rationale.text.columns import labelled
from latent_rationale.text.example import TextExample, words_at
from latent_rationale.text.options import TableOptions, TablePredictOptions
from latent_rationale.text.prediction import TablePrediction
from latent_rationale.text.reader import TableReader, count_classes, find_targets
from latent_rationale.text.splits import find_duplicates, split_off, text_keys
from latent_rationale.text.targets import Targets, from_json

TARGETS = "targets.json"
"""Name of the file, in a results folder, with the classes or the scale of the numbers."""


class TextTable(Task[TableOptions]):
    """Classification or regression of texts in the user's tables.

    What is predicted follows from the labels of the training data, so a task knows it only after ``read_splits`` or
    ``reopen``.
    """

    name = "text"
    options_class = TableOptions
    predict_options_class = TablePredictOptions
    first_best_epoch = 1
    headline = ("acc", "f1", "macro_f1", "mse", "mae", "loss", "selected")
    kept = (checkpoint.VOCABULARY, TARGETS)
    data_option = None
    unit = "texts"

    def __init__(self, options: TableOptions):
        super().__init__(options)
        self._reader = TableReader(options)
        self._targets: Targets | None = None

    @classmethod
    def resolve(cls, options: TableOptions) -> TableOptions:
        """Check that there are tables to train on."""
        if not options.train_path:
            raise InputError("--train-path: name the tables to train on")
        return options

    @property
    def source(self) -> str:
        """Names of the training tables."""
        return ", ".join(map(str, self.options.train_path))

    @property
    def targets(self) -> Targets:
        """Targets of the training data; known after ``read_splits`` or ``reopen``."""
        assert self._targets is not None, "read_splits or reopen comes first"
        return self._targets

    def read_splits(self) -> Splits:
        """Return the examples of all splits, which are read once."""
        return self._splits

    @cached_property
    def _splits(self) -> Splits:
        """Read the tables, and split off the dev and the test set where there are no tables of their own."""
        train = list(labelled(self._reader.labelled(self.options.train_path), _label_of))
        self._targets = find_targets(train, self.options)
        given = {"dev": self.options.dev_path, "test": self.options.test_path}
        splits: dict[str, list[TextExample]] = {"train": train}
        missing = [name for name, paths in given.items() if not paths]
        if missing:
            splits = {"train": train, **self._split_off(train, missing)}
        for name, paths in given.items():
            if paths:
                splits[name] = list(labelled(self._reader.labelled(paths, self._targets), _label_of))
        self._describe_labels(splits["train"])
        find_duplicates({name: ((each.text,) for each in splits[name]) for name in ("train", "dev", "test")}).report()
        return Splits(splits["train"], splits["dev"], splits["test"])

    def _split_off(self, examples: list[TextExample], names: Sequence[str]) -> dict[str, list[TextExample]]:
        options = self.options
        classes = None if options.regression else [each.label for each in examples]
        # Duplicates stay together, so that no text of dev or test is in the training data.
        duplicates = options.group_column is None
        groups = text_keys((each.text,) for each in examples) if duplicates else [each.group for each in examples]
        split = split_off(len(examples), len(names), options.seed, classes, groups)
        parts = {name: [examples[row] for row in rows] for name, rows in zip(names, split.parts, strict=True)}
        LOGGER.info("split off %s by --seed %d", " and ".join(names), options.seed)
        return {"train": [examples[row] for row in split.train], **parts}

    def _describe_labels(self, train: Sequence[TextExample]) -> None:
        """Log the counts of the classes in the training data, or the range of its numbers."""
        labels = [each.label for each in train]
        if self.options.regression:
            LOGGER.info("label: %s from %g to %g", self.targets.names[0], min(labels), max(labels))
            return
        counts = count_classes(labels)
        shown = ", ".join(f"{name} {counts[name]:,}" for name in self.targets.names)
        LOGGER.info("%s: %s", self.targets.kind, shown)

    def read_split(self, name: str) -> Sequence[TextExample]:
        """Read one of the splits."""
        found: Sequence[TextExample] = getattr(self.read_splits(), name)
        return found

    def keep(self, folder: Path, vocabulary: Any, model: Model) -> None:
        """Save the vocabulary and what is predicted."""
        super().keep(folder, vocabulary, model)
        write_json(folder / TARGETS, self.targets.to_json())

    def reopen(self, folder: Path) -> tuple[Tokenizer, Model, Objective]:
        """Read what is predicted, and recreate vocabulary, model and objective."""
        self._targets = from_json(read_json(folder / TARGETS), folder / TARGETS)
        return super().reopen(folder)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the classes, or of the column of the number."""
        return self.targets.names

    def texts_of(self, example: TextExample) -> tuple[Sequence[str], ...]:
        """Return the words of the text."""
        return (example.tokens,)

    def targets_of(self, examples: Sequence[TextExample]) -> Tensor:
        """Return the targets; see ``Targets.tensor``."""
        return self.targets.tensor([example.label for example in examples])

    def tokenize(self, text: str) -> Sequence[str]:
        """Split a raw text into words."""
        return words_at(text, find_words(text))

    def example_of(self, texts: tuple[Text, ...]) -> TextExample:
        """Return a text without a label; words that are given one by one are joined with blanks."""
        (text,) = texts
        return TextExample(text if isinstance(text, str) else " ".join(text), self.options.max_len)

    def read_input(self, path: Path, tokenized: bool) -> Iterable[Any]:
        """Return the texts of a table, or of a text file (.txt) with one per line."""
        if ".txt" in path.suffixes[-2:]:
            return super().read_input(path, tokenized)
        return self._reader.unlabelled(path)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Compute the loss of each text ``[B]``; see ``Targets.criterion``."""
        return self.targets.criterion(output.scores, batch.targets)

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Compute the measures of the targets, selected shares and transitions."""
        metrics = self.targets.measure(output.scores, batch.targets)
        if output.rationale is not None:
            metrics |= selection_shares(output.rationale) | {"transitions": transitions(output.rationale)}
        return metrics

    def predictions(self, output: Output, batch: Batch) -> Sequence[TablePrediction]:
        """Convert the output to predictions with rationales in the texts as they were written."""
        guesses = self.targets.guesses(output.scores)
        found = []
        for each, z, guess in zip(batch.examples, rationales(output), guesses, strict=True):
            offsets = each.offsets
            tokens = words_at(each.text, offsets)
            row = (each.id, each.text, offsets, each.others)
            found.append(TablePrediction(guess.scores, guess.label, guess.name, tokens, z, *row))
        return found

    def gold(self, example: TextExample) -> dict[str, Any]:
        """Return the label and its name; None for a text without one."""
        name = None if example.label is None else self.targets.name_of(example.label)
        return {"gold": example.label, "gold_name": name}


def _label_of(example: TextExample) -> Any:
    return example.label
