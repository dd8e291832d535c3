"""Word-level vocabulary; the only module that imports torchtext."""

import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import md5
from itertools import takewhile
from pathlib import Path

from torchtext.vocab import Vocab

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_lines
from latent_rationale.common.utils.values import is_unicode
from latent_rationale.common.utils.writing import write_atomically

UNKNOWN, PADDING = "<unk>", "<pad>"

_NO_TEXT = frozenset("\n\r\0")
_CLASS = re.compile(r"<unk\d+>")

_ESCAPES = {"-LRB-": "(", "-RRB-": ")", "\\/": "/", "\\*": "*"}


class Tokenizer(ABC):
    """Mapping from the words of a text to ids: either one id per word, or one per word piece.

    Attributes:
        padding_id: id that fills a batch after the end of a sentence.
        words: string for each id, in the order of the ids.
    """

    padding_id: int
    words: list[str]

    @abstractmethod
    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Return the ids of a text that is given as words."""

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
        """Return one id for each entry of :attr:`words`, and the id of the unknown word for other strings."""


class Vocabulary(Tokenizer):
    """Word-level vocabulary, ordered by decreasing frequency.

    Id 0 is the unknown word and id 1 padding; the further classes of unknown words follow. Escapes of the Penn
    Treebank are replaced before look-up: ``-LRB-`` has the id of ``(``.

    Args:
        counts: frequency of each word, at least 1.
        unknown: number of classes that unknown words are divided into by their MD5 hash (Parikh et al., 2016,
            section 4.1).
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
        """Build a vocabulary of all words of the training data and all words with a pre-trained vector.

        Args:
            training: tokenized training sentences.
            vector_words: words that have a vector.
            unknown: number of classes of unknown words.
        """
        counts = Counter(unescape(word) for tokens in training for word in tokens)
        counts.update(vector_words)
        return cls(counts, unknown)

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Load a vocabulary that was written by :meth:`save`.

        Raises:
            InputError: if the file is missing or does not begin with the unknown word and padding.
        """
        lines = [line for _, line in read_lines(path)]
        if lines[:2] != [UNKNOWN, PADDING]:
            raise InputError(f"not a vocabulary: its first two lines should be {UNKNOWN} and {PADDING}", path)
        # The classes of unknown words are those that follow in sequence: <unk1>, <unk2>, ...
        classes = unknown_words(len(lines))[1:]
        unknown = 1 + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(lines[2:], classes, strict=False)))
        # Vocab sorts by count, so counts that decrease with the line number restore the ids.
        words = map(_word_of, lines[1 + unknown :])
        return cls(Counter({word: len(lines) - rank for rank, word in enumerate(words)}), unknown)

    def save(self, path: Path) -> None:
        """Write one word per line, in the order of the ids.

        Words that a line cannot hold, such as those with line breaks, are written as JSON strings.
        """
        reserved = 1 + len(self._unknown)  # classes of unknown words, and padding
        lines = [*self.words[:reserved], *map(_line_of, self.words[reserved:])]
        write_atomically(path, "\n".join(lines) + "\n")

    def __len__(self) -> int:
        return len(self._vocab)

    def __contains__(self, word: str) -> bool:
        return unescape(word) in self._vocab.stoi

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Return the id of each word, which for an unknown word is the id of its class."""
        # Membership is tested first because torchtext's stoi is a defaultdict, to which a look-up would add the word.
        ids = self._vocab.stoi
        return [ids[word] if word in ids else self._class_of(word) for word in map(unescape, tokens)]

    def look_up(self, words: Sequence[str]) -> list[int]:
        """Return the id of each word; equal to :meth:`encode`, since each id stands for one word."""
        return self.encode(words)

    def _class_of(self, word: str) -> int:
        # MD5 instead of hash(), which differs from one process to the next.
        if len(self._unknown) == 1:
            return self._unknown[0]
        return self._unknown[int(md5(word.encode(errors="surrogatepass")).hexdigest(), 16) % len(self._unknown)]

    def rows_of(self, words: Sequence[str]) -> list[int]:
        """Return the ids of words of the vocabulary, without replacing escapes."""
        return [self._vocab.stoi[word] for word in words]


def unknown_words(classes: int) -> list[str]:
    """Return the entries of a vocabulary that stand for classes of unknown words: ``<unk>``, ``<unk1>``, ..."""
    return [UNKNOWN, *(f"<unk{number}>" for number in range(1, classes))]


def _line_of(word: str) -> str:
    """Return the line of a vocabulary file for a word of the data."""
    return json.dumps(word) if _needs_quotes(word) else word


def _word_of(line: str) -> str:
    """Return the word of a line of a vocabulary file, the inverse of :func:`_line_of`."""
    quoted = _quoted_word(line)
    return line if quoted is None else quoted


def _needs_quotes(word: str) -> bool:
    """Tell whether a word cannot be a line as it is.

    It has a line break or a NUL character, is no UTF-8 text, is spelled like a class of unknown words, or looks like a
    quoted word.
    """
    unreadable = not _NO_TEXT.isdisjoint(word) or not is_unicode(word)
    return unreadable or _CLASS.fullmatch(word) is not None or _quoted_word(word) is not None


def _quoted_word(line: str) -> str | None:
    """Return the word of a line that is a JSON string; None if the line is the word itself.

    Words in quotation marks are common, so only a string that needs its quotes is one.
    """
    if not line.startswith('"'):
        return None
    try:
        word = json.loads(line)
    except ValueError:
        return None
    return word if _needs_quotes(word) else None


def unescape(word: str) -> str:
    r"""Replace the Penn Treebank's escapes in a token: ``-LRB-`` becomes ``(``, and ``1\/2`` becomes ``1/2``."""
    if word in _ESCAPES:
        return _ESCAPES[word]
    return word.replace("\\/", "/").replace("\\*", "*") if "\\" in word else word
