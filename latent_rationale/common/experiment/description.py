"""Lines that tell at the start of a training what is trained on what, and where."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import torch

from latent_rationale.common.data.vocabulary import unescape
from latent_rationale.common.data.word_vectors import WordVectors
from latent_rationale.common.nn.model import Model


def describe_data(splits: dict[str, Sequence[Any]], unit: str, source: str) -> str:
    """Say how many examples each split has, as in ``8,544 train, 1,101 dev, 2,210 test sentences (data/sst)``."""
    counts = ", ".join(f"{len(examples):,} {name}" for name, examples in splits.items() if examples)
    return f"{counts} {unit} ({source})"


def describe_vectors(vectors: WordVectors, texts: Iterable[Sequence[str]]) -> str:
    """Say how large word vectors are, and how many of the words of texts have one.

    Args:
        vectors: the rows of a vector file.
        texts: tokenised texts.
    """
    known = set(vectors.words)
    counts: Counter[str] = Counter()
    for word, count in Counter(chain.from_iterable(texts)).items():
        counts[unescape(word)] += count
    found = [count for word, count in counts.items() if word in known]
    share = 100 * sum(found) / max(counts.total(), 1)
    words = f"{len(found):,} of {len(counts):,} words of the training data have one"
    return f"{vectors.matrix.shape[1]} numbers per word; {words}, {share:.1f} % of its text"


def describe_model(name: str, model: Model, device: torch.device) -> str:
    """Say what is trained, with how many parameters, and on which device."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    trained = sum(size for size, requires_grad in sizes if requires_grad)
    place = f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)
    return f"{name}, {sum(size for size, _ in sizes):,} parameters, of which {trained:,} are trained, on {place}"
