"""Texts as ids of words, which is all that is kept of them in memory."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_rationale.common.data.vocabulary import unescape


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts as one sequence of ids, without rare words.

    Attributes:
        words: words by id, the most frequent first; words of equal frequency are in alphabetical order.
        ids: ids of the words of all texts, one text after the other, int32 ``[N]``.
        texts: index of the text that each of these words belongs to, int32 ``[N]``.
        read: number of words that were read, rare ones included.
        found: number of different words that were read, rare ones included.
    """

    words: list[str]
    ids: NDArray[np.int32]
    texts: NDArray[np.int32]
    read: int
    found: int


def read_corpus(texts: Iterable[Sequence[str]], min_count: int) -> Corpus:
    """Encode texts, each of which is read once and not kept.

    Args:
        texts: words of each text. Escapes of the Penn Treebank are replaced, as in files of word vectors.
        min_count: smallest frequency of a word that is kept.
    """
    numbers: dict[str, int] = {}
    numbered, lengths = array("i"), array("i")
    for words in texts:
        numbered.extend(numbers.setdefault(unescape(word), len(numbers)) for word in words)
        lengths.append(len(words))
    found, ids = list(numbers), np.asarray(numbered)
    counts = np.bincount(ids, minlength=len(found))
    frequent = [number for number, count in enumerate(counts.tolist()) if count >= min_count]
    kept = sorted(frequent, key=lambda number: (-counts[number], found[number]))
    # From numbers in the order of first occurrences to ids by frequency; -1 for rare words.
    id_of = np.full(len(found), -1, dtype=np.int32)
    id_of[kept] = np.arange(len(kept), dtype=np.int32)
    ids = id_of[ids]
    text_of = np.repeat(np.arange(len(lengths), dtype=np.int32), np.asarray(lengths))
    return Corpus([found[number] for number in kept], ids[ids >= 0], text_of[ids >= 0], len(ids), len(found))
