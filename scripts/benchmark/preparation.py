"""Data, word vectors and models that the benchmarks train."""

import statistics
from typing import Any

import torch
from torch import nn

from latent_rationale.common.data.batching import Encoded
from latent_rationale.common.data.word_vectors import make_embedding
from latent_rationale.common.experiment.task import Task
from latent_rationale.common.utils.errors import InputError


def prepare(task: Task[Any]) -> tuple[Encoded, nn.Embedding, float]:
    """Training data, fixed word vectors, and the mean number of words of an example.

    Raises:
        InputError: if there are no word vectors.
    """
    splits = task.read_splits()
    vectors = task.read_vectors(splits)
    vocabulary = task.vocabulary(splits, vectors)
    if vectors is None:
        raise InputError("the benchmark needs word vectors")
    embedding = make_embedding(vocabulary, vectors.matrix.shape[1], vectors, trained=False)
    data = task.encode(splits.train, vocabulary)
    return data, embedding, sum(statistics.fmean(text.lengths.tolist()) for text in data.texts)


def select_few(model: Any) -> None:
    """Set a gate to a = 0.056, b = 1 for every word, which selects it with a probability of 13 %."""
    with torch.no_grad():
        model.selector.gate.layer.weight.zero_()
        model.selector.gate.layer.bias.copy_(torch.tensor([0.056, 1.0]).expm1().log())
