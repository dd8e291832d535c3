"""Descriptions of data, word vectors and model for the log of a training run."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from latent_rationale.common.data.vocabulary import unescape
from latent_rationale.common.data.word_vectors import WordVectors
from latent_rationale.common.nn.model import Model
from latent_rationale.common.utils.console import LOGGER


def describe_data(splits: dict[str, Sequence[Any]], unit: str, source: str) -> str:
    """Describe the sizes of the splits, as in ``8,544 train, 1,101 dev, 2,210 test sentences (data/sst)``."""
    counts = ", ".join(f"{len(examples):,} {name}" for name, examples in splits.items() if examples)
    return f"{counts} {unit} ({source})"


def is_there(test: Path) -> bool:
    """Return whether the file of a test set exists; if not, tell the user that there will be no test results."""
    if not test.exists():
        LOGGER.info("note: no test set, because %s is missing", test)
    return test.exists()


def describe_vectors(vectors: WordVectors, texts: Iterable[Sequence[str]]) -> str:
    """Describe the size of word vectors and their coverage of the training data.

    Args:
        vectors: word vectors that were read from a file.
        texts: tokenized texts of the training data.
    """
    known = set(vectors.words)
    counts: Counter[str] = Counter()  # by unescaped word, as in vector files: ( for -LRB-
    for word, count in Counter(chain.from_iterable(texts)).items():
        counts[unescape(word)] += count
    covered = [count for word, count in counts.items() if word in known]
    share = 100 * sum(covered) / max(counts.total(), 1)
    words = f"{len(covered):,} of {len(counts):,} words of the training data have one"
    return f"{vectors.matrix.shape[1]} dimensions; {words}, {share:.1f} % of its tokens"


def describe_model(name: str, model: Model, device: torch.device) -> str:
    """Describe a model: its name, its number of parameters, and its device."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    trained = sum(size for size, requires_grad in sizes if requires_grad)
    total = sum(size for size, _ in sizes)
    return f"{name}, {total:,} parameters, {trained:,} of them trained, on {_describe_device(device)}"


def _describe_device(device: torch.device) -> str:
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"{device} with {threads} thread{'s' * (threads > 1)}"
