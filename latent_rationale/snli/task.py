"""Task of classifying the relation between two sentences: entailment, contradiction or neutral."""

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
from latent_rationale.common.experiment.task import Splits, Task, Text
from latent_rationale.common.predictions.prediction import Prediction
from latent_rationale.common.structures import Batch, Output
from latent_rationale.common.training.metrics import MeanMetric, accuracy, selection_shares
from latent_rationale.common.utils.files import find_data, find_vectors, plain_or_zipped
from latent_rationale.snli.options import SNLIOptions, SNLIPredictOptions
from latent_rationale.snli.prediction import Matrix, PairPrediction, matrices
from latent_rationale.snli.reader import RELATIONS, SNLIPair, read_pairs, treebank_tokens
from latent_rationale.snli.variant import PairVariant

START = "<s>"
"""Token before each sentence, which words attend to if nothing in the sentence matches (Parikh et al., 2016)."""

UNKNOWN_CLASSES = 100
"""Number of random embeddings that unknown words are distributed over."""

SHARES = {"p0": "p2h_0", "pc": "p2h_c", "p1": "p2h_1", "selected": "p2h_selected"}
"""Names of the shares of selected cells, by the names of the shares of selected words in other tasks."""


def default_vectors() -> Path:
    """Return the default file of word vectors: GloVe, or another one for SNLI.

    Raises:
        InputError: if there is none in the data folder.
    """
    return find_vectors("snli", "snli/glove.840B.300d.txt", "glove/glove.840B.300d.txt")


class SNLI(Task[SNLIOptions]):
    """Classification of the relation between a premise and a hypothesis.

    A rationale selects cells of the attention matrix between both sentences (Bastings et al., section 6.3).
    """

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
        """Fill in the folder of the data and the files of word vectors."""
        vectors = options.word_vectors or (str(default_vectors()),)
        return replace(options, data_path=options.data_path or find_data("snli"), word_vectors=vectors)

    @property
    def model_name(self) -> str:
        """Kind of the model and of its attention."""
        return f"{self.options.model}, {self.options.dist}"

    def read_split(self, name: str) -> list[SNLIPair]:
        """Read the pairs of a split that have a gold label."""
        return list(read_pairs(plain_or_zipped(Path(self.options.data_path or "") / f"snli_1.0_{name}.jsonl")))

    def read_vectors(self, splits: Splits) -> WordVectors | None:
        """Read and normalize word vectors, and add random ones for the start token and for unknown words."""
        vectors = super().read_vectors(splits)
        if vectors is None:
            return None
        added = [START, *unknown_words(UNKNOWN_CLASSES)]
        random = torch.randn(len(added), vectors.matrix.shape[1]).numpy()
        known = vectors.matrix if self.options.no_emb_normalization else _normalised(vectors.matrix)
        return WordVectors([*vectors.words, *added], np.concatenate([known, _normalised(random)]))

    def vocabulary(self, splits: Splits, vectors: WordVectors | None) -> Vocabulary:
        """Build the vocabulary from the words with a vector, or from the training data if embeddings are learned.

        Other words are distributed over classes of unknown words.
        """
        if vectors is not None:
            return Vocabulary.build((), [*vectors.words, START], UNKNOWN_CLASSES)
        training = (text for pair in splits.train for text in self.texts_of(pair))
        return Vocabulary.build(training, (), UNKNOWN_CLASSES)

    def texts_of(self, example: SNLIPair) -> tuple[Sequence[str], ...]:
        """Return the words of premise and hypothesis, each after a start token."""
        return (START, *example.premise), (START, *example.hypothesis)

    def targets_of(self, examples: Sequence[SNLIPair]) -> Tensor:
        """Return the relations ``[N]``; -1 for pairs without a label."""
        return torch.tensor([-1 if pair.label is None else pair.label for pair in examples])

    def example_of(self, texts: tuple[Text, ...]) -> SNLIPair:
        """Return a pair without a label."""
        premise, hypothesis = map(self.words_of, texts)
        return SNLIPair(premise, hypothesis, None)

    def tokenize(self, text: str) -> Sequence[str]:
        """Split a raw sentence into words in the spelling of the data."""
        return treebank_tokens(text)

    @property
    def variant(self) -> PairVariant:
        """Rules for building and ranking models of pairs."""
        return PairVariant(self.options)

    def criterion(self, output: Output, batch: Batch) -> Tensor:
        """Compute the cross-entropy of each pair, ``[B]``."""
        return functional.cross_entropy(output.scores, batch.targets, reduction="none")

    def measure(self, output: Output, batch: Batch) -> dict[str, MeanMetric]:
        """Compute the accuracy and the shares of selected cells."""
        metrics = {"acc": accuracy(output, batch)}
        if output.rationale is not None:
            metrics |= {SHARES[name]: share for name, share in selection_shares(output.rationale).items()}
        return metrics

    def predictions(self, output: Output, batch: Batch) -> Sequence[PairPrediction]:
        """Convert the output to relations, probabilities and links between words."""
        p2h, h2p = links_of(output, batch)
        rows = output.scores.softmax(-1).tolist()
        predictions = []
        for row, pair, forth, back in zip(rows, batch.examples, p2h, h2p, strict=True):
            label = row.index(max(row))
            premise, hypothesis = map(tuple, self.texts_of(pair))
            predictions.append(PairPrediction(tuple(row), label, RELATIONS[label], premise, hypothesis, forth, back))
        return predictions

    def gold(self, example: SNLIPair) -> dict[str, Any]:
        """Return the gold relation and its name; None for a pair without a label."""
        return {"gold": example.label, "gold_name": None if example.label is None else RELATIONS[example.label]}

    def select_examples_to_show(
        self, predictions: Sequence[Prediction], examples: Sequence[SNLIPair], count: int
    ) -> list[int]:
        """Return indices of correct and of wrong predictions for each relation in turn.

        Args:
            predictions: predictions in the order of the pairs.
            examples: the pairs.
            count: maximum number of indices.
        """
        kinds: dict[tuple[int | None, bool], list[int]] = {}
        for index, (prediction, pair) in enumerate(zip(predictions, examples, strict=True)):
            kinds.setdefault((pair.label, prediction.label == pair.label), []).append(index)
        ordered = [kinds[kind] for kind in sorted(kinds, key=lambda kind: (kind[0] is None, kind[0], not kind[1]))]
        in_turn = (index for turn in zip_longest(*ordered) for index in turn if index is not None)
        return list(in_turn)[:count]


def _normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale the rows of a matrix to length 1; rows of zeros stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    normalised: NDArray[np.float32] = rows / np.maximum(lengths, np.finfo(np.float32).tiny)
    return normalised


def links_of(output: Output, batch: Batch) -> tuple[list[Matrix], Sequence[Matrix | None]]:
    """Return the attention between the sentences of each pair in both directions, without padding.

    Args:
        output: output for a batch of pairs, with a rationale ``[B, M, N]`` or two attention matrices.
        batch: the batch.

    Returns:
        Matrices from premise to hypothesis, and from hypothesis to premise; the latter are None if they are transposes
        of the former.
    """
    rows, columns = (tokens.lengths.tolist() for tokens in batch.inputs)
    if output.rationale is not None:
        return matrices(output.rationale.z.tolist(), rows, columns), [None] * len(rows)
    p2h, h2p = output.attention
    return matrices(p2h.tolist(), rows, columns), matrices(h2p.tolist(), columns, rows)
