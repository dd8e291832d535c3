"""Task of classifying the sentiment of sentences, with five classes or two."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.experiment.task import Task, Text
from latent_rationale.common.predictions.prediction import TextPrediction, rationales
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, accuracy, selection_shares, transitions
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import AbsentDataError, InputError
from latent_rationale.common.utils.files import find_data, find_vectors
from latent_rationale.sst.options import SSTOptions, SSTPredictOptions
from latent_rationale.sst.reader import CLASSES, SSTExample, has_labels, normalize_tokens, read_glue, read_trees


def default_vectors() -> Path:
    """Return the default file of word vectors: that of the original implementation, GloVe, or another one for SST.

    Raises:
        InputError: if there is none in the data folder.
    """
    return find_vectors("sst", "sst/glove.840B.300d.sst.txt", "glove/glove.840B.300d.txt")


class SST(Task[SSTOptions]):
    """Sentiment classification on the Stanford Sentiment Treebank, or on GLUE's SST-2."""

    name = "sst"
    options_class = SSTOptions
    predict_options_class = SSTPredictOptions
    first_best_epoch = 3
    headline = ("acc", "loss", "selected")

    @classmethod
    def resolve(cls, options: SSTOptions) -> SSTOptions:
        """Fill in the folder of the data and the files of word vectors."""
        return replace(
            options,
            data_path=options.data_path or find_data("sst"),
            word_vectors=options.word_vectors or (str(default_vectors()),),
        )

    def read_split(self, name: str) -> list[SSTExample]:
        """Read the sentences of a split, with labels of five classes or two.

        The test set of GLUE, which has no labels, counts as absent.
        """
        folder = Path(self.options.data_path or "")
        if not folder.is_dir():
            raise InputError("no such folder", folder)
        path = folder / (f"{name}.tsv" if self.options.reads_glue else f"{name}.txt")
        if not self.options.reads_glue:
            self._note_whole_sentences(name)
            return self._read_trees(path)
        if self.options.classes == 5:
            raise InputError("--data-path: sentences of GLUE have two classes; add --classes 2", folder)
        if name == "test" and not has_labels(path):
            raise AbsentDataError("has no labels", path)
        examples = list(read_glue(path))
        return self._whole(examples) if name == "train" and self.options.no_subtrees else examples

    def _note_whole_sentences(self, name: str) -> None:
        if self.options.no_subtrees and name == "train":
            LOGGER.info("note: --no-subtrees has no effect on the treebank, which is read as whole sentences")

    def _whole(self, examples: list[SSTExample]) -> list[SSTExample]:
        """Return the examples that are whole training sentences of the treebank."""
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
            raise AbsentDataError("holds neutral sentences only", path)
        return polar

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the sentiment classes."""
        return CLASSES if self.options.classes == 5 else ("negative", "positive")

    def texts_of(self, example: SSTExample) -> tuple[Sequence[str], ...]:
        """Return the words of the sentence."""
        return (example.tokens,)

    def phrases_of(self, example: SSTExample) -> dict[tuple[int, int], int]:
        """Return the nodes of the tree, each with its class out of five."""
        return {(start, end): label for start, end, label in example.phrases}

    def targets_of(self, examples: Sequence[SSTExample]) -> Tensor:
        """Return the classes ``[N]``; -1 for sentences without a label."""
        return torch.tensor([-1 if example.label is None else example.label for example in examples])

    def example_of(self, texts: tuple[Text, ...]) -> SSTExample:
        """Return a sentence without labels."""
        return SSTExample(self.words_of(texts[0]), None)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Compute the cross-entropy of each sentence, ``[B]``."""
        return functional.cross_entropy(output.scores, batch.targets, reduction="none")

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Compute the accuracy, selected shares and transitions, and the selected words by sentiment class."""
        metrics = {"acc": accuracy(output, batch)}
        if output.rationale is not None:
            metrics |= selection_shares(output.rationale) | {"transitions": transitions(output.rationale)}
            metrics |= words_by_class(output, batch)
        return metrics

    def predictions(self, output: Output, batch: Batch) -> Sequence[TextPrediction]:
        """Convert the output to classes, probabilities and selected words."""
        scores = output.scores.softmax(-1).tolist()
        return [
            TextPrediction(tuple(row), (label := row.index(max(row))), self.output_names[label], example.tokens, z)
            for example, z, row in zip(batch.examples, rationales(output), scores, strict=True)
        ]

    def gold(self, example: SSTExample) -> dict[str, Any]:
        """Return the gold class and its name; None for a sentence without a label."""
        return {"gold": example.label, "gold_name": None if example.label is None else self.output_names[example.label]}


def words_by_class(output: Output, batch: Batch) -> dict[str, MeanMetric]:
    """Count the words, and the selected words, of each sentiment class (Bastings et al., figure 5).

    Sentences without labels of single words are skipped.
    """
    assert output.rationale is not None
    selected = (output.rationale.z > 0).tolist()
    totals = {f"{kind}_{number}": 0 for kind in ("words", "selected_words") for number in range(len(CLASSES))}
    for example, row in zip(batch.examples, selected, strict=True):
        for label, chosen in zip(example.token_labels or (), row, strict=False):
            totals[f"words_{label}"] += 1
            totals[f"selected_words_{label}"] += chosen
    return {name: MeanMetric(torch.tensor(total), None) for name, total in totals.items()}
