"""Whether a sentence follows from another, contradicts it, or neither."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from latent_rationale.common.data.vocabulary import Vocabulary, unknown_words
from latent_rationale.common.data.word_vectors import WordVectors
from latent_rationale.common.experiment.task import Splits, Task
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, accuracy, selection_shares
from latent_rationale.common.utils.files import find_data, find_vectors, plain_or_zipped
from latent_rationale.snli.options import SNLIOptions, SNLIPredictOptions
from latent_rationale.snli.prediction import Matrix, PairPrediction, matrices
from latent_rationale.snli.reader import RELATIONS, SNLIPair, read_pairs, treebank_tokens
from latent_rationale.snli.variant import PairVariant

START = "<s>"
"""What a word attends to when there is nothing to attend to (Parikh et al., 2016)."""

UNKNOWN_CLASSES = 100

SHARES = {"p0": "p2h_0", "pc": "p2h_c", "p1": "p2h_1", "selected": "p2h_selected"}
"""What shares of words are called where they are shares of cells."""


class SNLI(Task[SNLIOptions]):
    """The relation between a premise and a hypothesis."""

    name = "snli"
    options_class = SNLIOptions
    predict_options_class = SNLIPredictOptions
    text_names = ("premise", "hypothesis")
    first_best_epoch = 0
    headline = ("acc", "loss", "p2h_selected")
    zips_predictions = True
    share_name = PairVariant.share_name
    unit = "pairs"
    output_names = RELATIONS

    @classmethod
    def resolve(cls, options: SNLIOptions) -> SNLIOptions:
        """Fill in where data and vectors are."""
        vectors = options.word_vectors or find_vectors("snli", "snli/glove.840B.300d.txt", "glove/glove.840B.300d.txt")
        return replace(options, data_path=options.data_path or find_data("snli"), word_vectors=str(vectors))

    @property
    def model_name(self) -> str:
        """The model and its attention."""
        return f"{self.options.model}, {self.options.dist}"

    def read_split(self, name: str) -> list[SNLIPair]:
        """The pairs of a file that have a gold label."""
        return list(read_pairs(plain_or_zipped(Path(self.options.data_path or "") / f"snli_1.0_{name}.jsonl")))

    def read_vectors(self, splits: Splits) -> WordVectors | None:
        """Vectors of length 1, with random ones for the start of a sentence and for the classes of unknown words."""
        vectors = super().read_vectors(splits)
        if vectors is None:
            return None
        more = [START, *unknown_words(UNKNOWN_CLASSES)]
        random = torch.randn(len(more), vectors.matrix.shape[1]).numpy()
        known = vectors.matrix if self.options.no_emb_normalization else _normalised(vectors.matrix)
        return WordVectors([*vectors.words, *more], np.concatenate([known, _normalised(random)]))

    def vocabulary(self, splits: Splits, vectors: WordVectors | None) -> Vocabulary:
        """The words that have a vector, and classes for others; the training words where vectors are learned."""
        if vectors is not None:
            return Vocabulary.build((), [*vectors.words, START], UNKNOWN_CLASSES)
        training = (text for pair in splits.train for text in self.texts_of(pair))
        return Vocabulary.build(training, (), UNKNOWN_CLASSES)

    def texts_of(self, example: SNLIPair) -> tuple[Sequence[str], ...]:
        """Premise and hypothesis, each behind a start token."""
        return (START, *example.premise), (START, *example.hypothesis)

    def targets_of(self, examples: Sequence[SNLIPair]) -> Tensor:
        """Relations ``[N]``; -1 where there is none."""
        return torch.tensor([-1 if pair.label is None else pair.label for pair in examples])

    def example_of(self, texts: tuple[Sequence[str], ...]) -> SNLIPair:
        """A pair without a label."""
        premise, hypothesis = texts
        return SNLIPair(tuple(premise), tuple(hypothesis), None)

    def tokenize(self, text: str) -> Sequence[str]:
        """The words of a raw sentence, of the kind that the data has."""
        return treebank_tokens(text)

    @property
    def variant(self) -> PairVariant:
        """What is built and how it is judged."""
        return PairVariant(self.options)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Cross-entropy."""
        return functional.cross_entropy(output.scores, batch.targets, reduction="none")

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Accuracy, and shares of the cells."""
        tallies = {"acc": accuracy(output, batch)}
        if output.rationale is not None:
            tallies |= {SHARES[name]: tally for name, tally in selection_shares(output.rationale).items()}
        return tallies

    def predictions(self, output: Output, batch: Batch) -> Sequence[PairPrediction]:
        """Relations, probabilities and links."""
        p2h, h2p = links_of(output, batch)
        rows = output.scores.softmax(-1).tolist()
        found = []
        for row, pair, there, back in zip(rows, batch.examples, p2h, h2p, strict=True):
            label = row.index(max(row))
            premise, hypothesis = map(tuple, self.texts_of(pair))
            found.append(PairPrediction(tuple(row), label, RELATIONS[label], premise, hypothesis, there, back))
        return found

    def gold(self, example: SNLIPair) -> dict[str, Any]:
        """The gold relation and its name; None where there is none."""
        return {"gold": example.label, "gold_name": None if example.label is None else RELATIONS[example.label]}

    def picked(self, predictions: Sequence[Prediction], examples: Sequence[SNLIPair], count: int) -> list[int]:
        """For each relation in turn a pair that is judged correctly and one that is not, as far as there are some."""
        kinds: dict[tuple[int | None, bool], list[int]] = {}
        for index, (prediction, pair) in enumerate(zip(predictions, examples, strict=True)):
            kinds.setdefault((pair.label, prediction.label == pair.label), []).append(index)
        ordered = [kinds[kind] for kind in sorted(kinds, key=lambda kind: (kind[0] is None, kind[0], not kind[1]))]
        in_turn = (index for turn in zip_longest(*ordered) for index in turn if index is not None)
        return list(in_turn)[:count]


def _normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1, but for zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    normalised: NDArray[np.float32] = rows / np.maximum(lengths, np.finfo(np.float32).tiny)
    return normalised


def links_of(output: Output, batch: Batch) -> tuple[list[Matrix], Sequence[Matrix | None]]:
    """How a batch of pairs is linked in both directions; None where the second is the first."""
    rows, columns = (tokens.lengths.tolist() for tokens in batch.inputs)
    if output.rationale is not None:
        return matrices(output.rationale.z.tolist(), rows, columns), [None] * len(rows)
    p2h, h2p = output.attention
    return matrices(p2h.tolist(), rows, columns), matrices(h2p.tolist(), columns, rows)
