"""Encoding of examples, and padded batches of sentences of similar length."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.common.utils.progress import track

POOL = 50
"""Number of training batches that are cut from one pool of random sentences, sorted by length.

Sorting keeps padding small; drawing the pool at random keeps batches different from epoch to epoch.
"""

MOST_WORDS = 2**20
"""Maximum number of words of a batch in evaluation, with padding, unless a single text is longer."""


@dataclass(frozen=True, eq=False)
class Ragged:
    """Ragged array of encoded sentences, concatenated in one tensor.

    Attributes:
        ids: int64 ``[total]``, the ids of all sentences.
        starts: int64 ``[N]``, the position in ``ids`` at which each sentence begins.
        lengths: int64 ``[N]``, the number of ids of each sentence.
        padding_id: id that fills a batch after the end of a sentence.
    """

    ids: Tensor
    starts: Tensor
    lengths: Tensor
    padding_id: int

    @classmethod
    def encode(cls, sentences: Sequence[Sequence[str]], vocabulary: Tokenizer) -> "Ragged":
        """Encode tokenized sentences as one ragged array."""
        rows = [vocabulary.encode(tokens) for tokens in track(sentences, "text", len(sentences), "encoding")]
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.tensor([id for row in rows for id in row])
        return cls(ids, lengths.cumsum(0) - lengths, lengths, vocabulary.padding_id)

    def rows(self, index: Tensor) -> Tokens:
        """Return the sentences ``index [B]``, padded to the longest of them, ``[B, T]``."""
        # One gather instead of a Python loop over sentences.
        lengths = self.lengths[index]  # [B]
        positions = torch.arange(int(lengths.max()))  # [T]
        mask = positions < lengths.unsqueeze(1)  # [B, T]
        # Positions after the end of a sentence belong to the next one, or lie outside ``ids`` after the last one. They
        # read element 0, which padding then replaces.
        sources = torch.where(mask, self.starts[index].unsqueeze(1) + positions, 0)
        return Tokens(torch.where(mask, self.ids[sources], self.padding_id), mask, lengths)


@dataclass(frozen=True, eq=False)
class Encoded:
    """Encoded data set, from which batches are taken.

    Attributes:
        examples: the ``N`` examples as they were read.
        texts: one ``Ragged`` of ``N`` sentences for each text of an example, such as premise and hypothesis.
        targets: ``[N]`` or ``[N, C]``.
    """

    examples: Sequence[Any]
    texts: tuple[Ragged, ...]
    targets: Tensor

    def __len__(self) -> int:
        return len(self.examples)

    def batch(self, index: Tensor) -> Batch:
        """Return the batch of the examples ``index [B]``."""
        inputs = tuple(text.rows(index) for text in self.texts)
        return Batch(inputs, self.targets[index], [self.examples[i] for i in index.tolist()])

    def in_order(self, batch_size: int) -> list[Tensor]:
        """Return the indices of all batches in evaluation, sorted from the longest sentences to the shortest.

        The order is always the same. A batch that does not fit into memory fails at once, not at the end. Very long
        texts come in smaller batches, because all texts of a batch are padded to the longest one.
        """
        lengths, order = torch.sort(self._lengths(), descending=True, stable=True)
        batches, start = [], 0
        while start < len(order):
            size = max(1, min(batch_size, MOST_WORDS // max(1, int(lengths[start]))))
            batches.append(order[start : start + size])
            start += size
        return batches

    def shuffled(self, batch_size: int, generator: torch.Generator) -> list[Tensor]:
        """Return the indices of all batches of an epoch in random order, each with sentences of similar length."""
        lengths = self._lengths()
        batches: list[Tensor] = []
        for pool in torch.split(torch.randperm(len(self), generator=generator), POOL * batch_size):
            batches += torch.split(pool[torch.argsort(lengths[pool], stable=True)], batch_size)
        # Without this permutation the batches of a pool would follow one another from short to long.
        return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]

    def _lengths(self) -> Tensor:
        """Return the number of words of each example ``[N]``, over all of its texts."""
        return torch.stack([text.lengths for text in self.texts]).sum(0)


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Return the number of batches per epoch, including a smaller last one."""
    return -(-examples // batch_size)


def seed_of(seed: int, number: int) -> int:
    """Derive the seed of an epoch or a sentence from the user's seed and its number."""
    return seed * 1_000_003 + number


def training_batches(
    encoded: Encoded, batch_size: int, seed: int, start: int, device: torch.device
) -> Iterator[tuple[int, Batch]]:
    """Yield training batches indefinitely, with their iteration numbers.

    The batches of an epoch depend only on the seed and the epoch's number, so that a resumed run receives the same
    batches as an uninterrupted one.

    Args:
        encoded: training data.
        batch_size: number of sentences per batch.
        seed: the user's seed.
        start: number of iterations that are already done; the first batch has the number ``start + 1``.
        device: device to which the batches are moved.
    """
    per_epoch = steps_per_epoch(len(encoded), batch_size)
    iteration = start
    while True:
        epoch, done = divmod(iteration, per_epoch)
        generator = torch.Generator().manual_seed(seed_of(seed, epoch))
        for index in encoded.shuffled(batch_size, generator)[done:]:
            iteration += 1
            yield iteration, encoded.batch(index).to(device)


def encode(
    examples: Sequence[Any],
    vocabulary: Tokenizer,
    texts_of: Callable[[Any], tuple[Sequence[str], ...]],
    targets: Tensor,
) -> Encoded:
    """Encode the texts of examples.

    Args:
        examples: ``N`` examples.
        vocabulary: mapping from words to ids.
        texts_of: returns the tokenized texts of an example.
        targets: ``[N]`` or ``[N, C]``.
    """
    # ``zip`` turns texts per example into examples per text.
    texts = tuple(Ragged.encode(column, vocabulary) for column in zip(*map(texts_of, examples), strict=True))
    return Encoded(examples, texts, targets)
