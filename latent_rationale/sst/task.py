"""Sentiment classification of sentences, in five classes or two."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.experiment.task import Task
from latent_rationale.common.predictions.prediction import TextPrediction, rationales
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, accuracy, selection_shares
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import find_data, find_vectors
from latent_rationale.sst.options import SSTOptions, SSTPredictOptions
from latent_rationale.sst.reader import CLASSES, SSTExample, normalize_tokens, read_glue, read_trees


def default_vectors() -> Path:
    """The word vectors to take where the user names none: the original's file, all of GloVe, or another for this data.

    Raises:
        InputError: if there are none.
    """
    return find_vectors("sst", "sst/glove.840B.300d.sst.txt", "glove/glove.840B.300d.txt")


class SST(Task[SSTOptions]):
    """The Stanford Sentiment Treebank."""

    name = "sst"
    options_class = SSTOptions
    predict_options_class = SSTPredictOptions
    first_best_epoch = 3
    headline = ("acc", "loss", "selected")

    @classmethod
    def resolve(cls, options: SSTOptions) -> SSTOptions:
        """Fill in where data and vectors are."""
        return replace(
            options,
            data_path=options.data_path or find_data("sst"),
            word_vectors=options.word_vectors or str(default_vectors()),
        )

    def read_split(self, name: str) -> list[SSTExample]:
        """The sentences of a file, with the labels of five classes or of two.

        GLUE's folder has no labelled test set; it is the treebank's, without the neutral sentences, and none where
        there is no treebank.
        """
        folder = Path(self.options.data_path or "")
        if not folder.is_dir():
            raise InputError("no such folder", folder)
        if not self.options.reads_glue:
            self._note_whole_sentences(name)
            return self._read_trees(folder / f"{name}.txt")
        if self.options.classes == 5:
            raise InputError("--data-path: GLUE's sentences have two classes; --classes 2", folder)
        if name == "test":
            return self._treebanks_test()
        examples = list(read_glue(folder / f"{name}.tsv"))
        return self._whole(examples) if name == "train" and self.options.no_subtrees else examples

    def _note_whole_sentences(self, name: str) -> None:
        if self.options.no_subtrees and name == "train":
            LOGGER.info("note: --no-subtrees has no effect on the treebank, of which whole sentences are read")

    def _treebanks_test(self) -> list[SSTExample]:
        try:
            folder = find_data("sst")
        except InputError as error:
            LOGGER.info("note: there is no test set: GLUE's has no labels, and of the treebank's there is %s", error)
            return []
        return self._read_trees(folder / "test.txt")

    def _whole(self, examples: list[SSTExample]) -> list[SSTExample]:
        """Those that are a training sentence of the treebank."""
        known = {normalize_tokens(example.tokens) for example in read_trees(find_data("sst") / "train.txt")}
        whole = [example for example in examples if normalize_tokens(example.tokens) in known]
        if not whole:
            raise InputError("--no-subtrees: no row is a whole sentence of the treebank", self.options.data_path)
        return whole

    def _read_trees(self, path: Path) -> list[SSTExample]:
        examples = list(read_trees(path))
        if self.options.classes == 5:
            return examples
        polar = [
            replace(example, label=int(example.label > 2)) for example in examples if example.label not in (2, None)
        ]
        if not polar:
            raise InputError("holds no sentences that are not neutral", path)
        return polar

    @property
    def output_names(self) -> tuple[str, ...]:
        """The classes."""
        return CLASSES if self.options.classes == 5 else ("negative", "positive")

    def texts_of(self, example: SSTExample) -> tuple[Sequence[str], ...]:
        """The sentence."""
        return (example.tokens,)

    def phrases_of(self, example: SSTExample) -> dict[tuple[int, int], int]:
        """The nodes of its tree, each with its one of five classes."""
        return {(start, end): label for start, end, label in example.phrases}

    def targets_of(self, examples: Sequence[SSTExample]) -> Tensor:
        """Classes ``[N]``; -1 where there is none."""
        return torch.tensor([-1 if example.label is None else example.label for example in examples])

    def example_of(self, texts: tuple[Sequence[str], ...]) -> SSTExample:
        """A sentence without labels."""
        (tokens,) = texts
        return SSTExample(tuple(tokens), None)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Cross-entropy."""
        return functional.cross_entropy(output.scores, batch.targets, reduction="none")

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Accuracy, shares of the words, and how many words of each sentiment class were selected."""
        tallies = {"acc": accuracy(output, batch)}
        if output.rationale is not None:
            tallies |= selection_shares(output.rationale)
            tallies |= words_by_class(output, batch)
        return tallies

    def predictions(self, output: Output, batch: Batch) -> Sequence[TextPrediction]:
        """Class, probabilities and words."""
        scores = output.scores.softmax(-1).tolist()
        return [
            TextPrediction(tuple(row), (label := row.index(max(row))), self.output_names[label], example.tokens, z)
            for example, z, row in zip(batch.examples, rationales(output), scores, strict=True)
        ]

    def gold(self, example: SSTExample) -> dict[str, Any]:
        """The gold class and its name; None where there is none."""
        return {"gold": example.label, "gold_name": None if example.label is None else self.output_names[example.label]}


def words_by_class(output: Output, batch: Batch) -> dict[str, MeanMetric]:
    """How many words of each sentiment class there are and were selected (paper, figure 5), by the class's number.

    Sentences whose words have no classes of their own count for nothing.
    """
    assert output.rationale is not None
    selected = (output.rationale.z > 0).tolist()
    totals = {f"{kind}_{number}": 0 for kind in ("words", "selected_words") for number in range(len(CLASSES))}
    for example, row in zip(batch.examples, selected, strict=True):
        for label, chosen in zip(example.token_labels or (), row, strict=False):
            totals[f"words_{label}"] += 1
            totals[f"selected_words_{label}"] += chosen
    return {name: MeanMetric(torch.tensor(total), None) for name, total in totals.items()}
