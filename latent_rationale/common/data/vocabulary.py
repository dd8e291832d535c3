"""The vocabulary and the word vectors. No other module knows torchtext."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import md5
from itertools import takewhile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchtext.vocab import Vocab

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_lines, write_atomically

UNKNOWN, PADDING = "<unk>", "<pad>"
LARGE_FILE = 100_000
"""A vector file with more words than this lends the vocabulary only those that the data uses."""

_ESCAPES = {"-LRB-": "(", "-RRB-": ")", "\\/": "/", "\\*": "*"}


class Tokenizer(ABC):
    """What turns the words of a text into ids: one each, or pieces of words.

    Attributes:
        padding_id: the id that stands behind the end of a sentence.
        words: what ids stand for, in their order.
    """

    padding_id: int
    words: list[str]

    @abstractmethod
    def encode(self, tokens: Sequence[str]) -> list[int]:
        """The ids of a text, given as words."""

    def encode_with_edges(self, tokens: Sequence[str]) -> tuple[list[int], list[int]]:
        """Encode the words of a text, at least one, and find them among the ids.

        Returns:
            The ids, and their positions at which words begin, followed by the position after the last word. Words
            at the end of a text that is too long for the model have none.
        """
        ids = self.encode(tokens)
        return ids, list(range(len(ids) + 1))

    @abstractmethod
    def look_up(self, words: Sequence[str]) -> list[int]:
        """The id of each of ``words``, spelled as in there; that of what is unknown for others."""


class Vocabulary(Tokenizer):
    """Words and their ids: unknown 0, padding 1, further classes of unknown words, then by falling count.

    The treebank's escapes are looked up as what they stand for: ``-LRB-`` as ``(``.

    Args:
        counts: how often each word occurs, 1 or more.
        unknown: how many classes unknown words fall into, by their MD5 sums (Parikh et al., 2016, section 4.1).
    """

    def __init__(self, counts: Counter[str], unknown: int = 1):
        self._vocab = Vocab(counts, specials=(UNKNOWN, PADDING, *unknown_words(unknown)[1:]))
        self._unknown = self.rows_of(unknown_words(unknown))
        self.padding_id = int(self._vocab.stoi[PADDING])
        self.words = list(self._vocab.itos)

    @classmethod
    def build(
        cls, training: Iterable[Sequence[str]], vector_words: Iterable[str] = (), unknown: int = 1
    ) -> "Vocabulary":
        """The words of the training sentences and those that have a vector."""
        counts = Counter(unescape(word) for tokens in training for word in tokens)
        counts.update(vector_words)
        return cls(counts, unknown)

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read what ``save`` wrote.

        Raises:
            InputError: if the file is missing or does not begin with the unknown word and the padding.
        """
        words = [word for _, word in read_lines(path)]
        if words[:2] != [UNKNOWN, PADDING]:
            raise InputError(f"not a vocabulary: it should begin with {UNKNOWN} and {PADDING}", path)
        further = unknown_words(len(words))[1:]
        unknown = 1 + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(words[2:], further, strict=False)))
        return cls(Counter({word: len(words) - rank for rank, word in enumerate(words[1 + unknown :])}), unknown)

    def save(self, path: Path) -> None:
        """Write one word a line, in the order of their ids."""
        write_atomically(path, "\n".join(self._vocab.itos) + "\n")

    def __len__(self) -> int:
        return len(self._vocab)

    def __contains__(self, word: str) -> bool:
        return unescape(word) in self._vocab.stoi

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """The ids of words; those of their classes for unknown ones."""
        known = self._vocab.stoi
        return [known[word] if word in known else self._class_of(word) for word in map(unescape, tokens)]

    def look_up(self, words: Sequence[str]) -> list[int]:
        """The same: an id stands for a word."""
        return self.encode(words)

    def _class_of(self, word: str) -> int:
        if len(self._unknown) == 1:
            return self._unknown[0]
        return self._unknown[int(md5(word.encode()).hexdigest(), 16) % len(self._unknown)]

    def rows_of(self, words: Sequence[str]) -> list[int]:
        """The ids of words that are spelled as in the vocabulary."""
        return [self._vocab.stoi[word] for word in words]


def unknown_words(classes: int) -> list[str]:
    """What stands in a vocabulary for each class of unknown words."""
    return [UNKNOWN, *(f"<unk{number}>" for number in range(1, classes))]


def unescape(word: str) -> str:
    """A treebank token as it is written elsewhere."""
    if word in _ESCAPES:
        return _ESCAPES[word]
    return word.replace("\\/", "/").replace("\\*", "*") if "\\" in word else word


@dataclass(frozen=True, eq=False)
class WordVectors:
    """The rows of a vector file.

    Attributes:
        words: in the order of the file, without repetitions.
        matrix: float32 ``[len(words), D]``.
    """

    words: list[str]
    matrix: NDArray[np.float32]


def read_vectors(path: Path, used: Iterable[Sequence[str]]) -> WordVectors:
    """Read GloVe's text format, plain or .gz: a word and its numbers a line. The first word sets the dimension.

    A first line of two whole numbers, the size of the table as word2vec and fastText write it, is passed over.

    Args:
        path: the file.
        used: sentences whose words are kept where the file holds more than 100,000.

    Raises:
        InputError: for a row that is ragged or holds something that is not a number, with its line.
    """
    lines = sum(1 for _ in read_lines(path))
    wanted = {unescape(word) for tokens in used for word in tokens} if lines > LARGE_FILE else None
    rows: dict[str, NDArray[np.float32]] = {}
    size = 0
    for number, line in read_lines(path):
        fields = line.rstrip(" ").split(" ")
        if number == 1 and len(fields) == 2 and all(field.isdecimal() for field in fields):
            continue
        size = size or len(fields) - 1
        word = _word_of(fields, size)
        if not word:
            raise InputError(f"expected a word and {size or 'its'} numbers, got {len(fields)} fields", path, number)
        if word not in rows and (wanted is None or word in wanted):
            rows[word] = _numbers(fields[-size:], path, number)
    if not rows:
        raise InputError("holds no vectors" if lines == 0 else "holds no vector of a word in the data", path)
    return WordVectors(list(rows), np.stack(list(rows.values())))


def make_embedding(
    vocabulary: Vocabulary, size: int, vectors: WordVectors | None = None, trained: bool = True
) -> nn.Embedding:
    """An embedding with the given vectors; words without one start uniform in [-0.05, 0.05], padding is 0.

    Args:
        vocabulary: whose ids it reads.
        size: the dimension; that of the vectors, where there are some.
        vectors: where words start.
        trained: whether they move from there.
    """
    weight: Tensor = torch.empty(len(vocabulary), size).uniform_(-0.05, 0.05)
    if vectors is not None:
        weight[torch.tensor(vocabulary.rows_of(vectors.words))] = torch.from_numpy(vectors.matrix)
    weight[vocabulary.padding_id] = 0
    embedding = nn.Embedding(len(vocabulary), weight.shape[1], padding_idx=vocabulary.padding_id, _weight=weight)
    embedding.weight.requires_grad_(trained)
    return embedding


def _word_of(fields: list[str], size: int) -> str:
    """The word of a row with so many numbers; empty for a ragged row.

    A few words of the large GloVe files contain blanks, so the numbers count from the end of the line. Where what is
    left beside the first part is all numbers, the row is too long.
    """
    if not 0 < size < len(fields):
        return ""
    more = fields[1:-size]
    return "" if more and all(map(_is_number, more)) else " ".join(fields[:-size])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(fields: list[str], path: Path, line: int) -> NDArray[np.float32]:
    try:
        numbers = np.array(fields, dtype=np.float32)
    except ValueError as error:
        raise InputError(f"not a number: {str(error).split(': ')[-1]}", path, line) from error
    if not np.isfinite(numbers).all():
        raise InputError("a number is not finite", path, line)
    return numbers
