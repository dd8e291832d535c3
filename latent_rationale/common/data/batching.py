"""From examples to padded batches of similar length."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from latent_rationale.common.data.vocabulary import Tokenizer
from latent_rationale.common.structures import Batch, Tokens
from latent_rationale.common.utils.progress import track

POOL = 50
"""Training batches are cut from pools of this many, sorted by length: little padding, yet well mixed."""


@dataclass(frozen=True, eq=False)
class Ragged:
    """Sentences of ids, end to end.

    Attributes:
        ids: int64 ``[total]``.
        starts: int64 ``[N]``, where each sentence begins.
        lengths: int64 ``[N]``.
        padding_id: what follows a sentence in a batch.
    """

    ids: Tensor
    starts: Tensor
    lengths: Tensor
    padding_id: int

    @classmethod
    def encode(cls, sentences: Sequence[Sequence[str]], vocabulary: Tokenizer) -> "Ragged":
        """Look up all words, once."""
        rows = [vocabulary.encode(tokens) for tokens in track(sentences, "text", len(sentences), "encoding")]
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.tensor([id for row in rows for id in row])
        return cls(ids, lengths.cumsum(0) - lengths, lengths, vocabulary.padding_id)

    def rows(self, index: Tensor) -> Tokens:
        """The sentences ``index [B]``, padded."""
        lengths = self.lengths[index]
        positions = torch.arange(int(lengths.max()))
        mask = positions < lengths.unsqueeze(1)
        places = torch.where(mask, self.starts[index].unsqueeze(1) + positions, 0)
        return Tokens(torch.where(mask, self.ids[places], self.padding_id), mask, lengths)


@dataclass(frozen=True, eq=False)
class Encoded:
    """Examples with their ids and targets, ready to be cut into batches.

    Attributes:
        examples: as they were read.
        texts: one ``Ragged`` for each text of an example.
        targets: ``[N]`` or ``[N, C]``.
    """

    examples: Sequence[Any]
    texts: tuple[Ragged, ...]
    targets: Tensor

    def __len__(self) -> int:
        return len(self.examples)

    def batch(self, index: Tensor) -> Batch:
        """The examples ``index [B]``."""
        inputs = tuple(text.rows(index) for text in self.texts)
        return Batch(inputs, self.targets[index], [self.examples[i] for i in index.tolist()])

    def in_order(self, batch_size: int) -> list[Tensor]:
        """Indices of batches from the longest sentences to the shortest, the same every time."""
        return list(torch.split(torch.argsort(self._lengths(), descending=True, stable=True), batch_size))

    def shuffled(self, batch_size: int, generator: torch.Generator) -> list[Tensor]:
        """Indices of batches in random order, each of sentences of similar length."""
        lengths = self._lengths()
        batches: list[Tensor] = []
        for pool in torch.split(torch.randperm(len(self), generator=generator), POOL * batch_size):
            batches += torch.split(pool[torch.argsort(lengths[pool], stable=True)], batch_size)
        return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]

    def _lengths(self) -> Tensor:
        return torch.stack([text.lengths for text in self.texts]).sum(0)


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """How many batches so many examples make; the last one may be smaller."""
    return -(-examples // batch_size)


def seed_of(seed: int, number: int) -> int:
    """Where the randomness of one of many starts, such as an epoch or a sentence: at the user's seed and its number."""
    return seed * 1_000_003 + number


def training_batches(
    encoded: Encoded, batch_size: int, seed: int, start: int, device: torch.device
) -> Iterator[tuple[int, Batch]]:
    """Batches without end, numbered from ``start + 1``.

    The order of an epoch depends on nothing but the seed and the epoch's number, so that a resumed run meets the same
    batches as one that was never interrupted.
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
    """Encode examples whose texts ``texts_of`` tells, with their targets ``[N]`` or ``[N, C]``."""
    texts = tuple(Ragged.encode(column, vocabulary) for column in zip(*map(texts_of, examples), strict=True))
    return Encoded(examples, texts, targets)
