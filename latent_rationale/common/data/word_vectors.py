"""Pre-trained word vectors and the embedding that starts from them."""

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_rationale.common.data.vocabulary import Vocabulary, unescape
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_lines
from latent_rationale.common.utils.writing import replacing

LARGE_FILE = 100_000
"""Number of rows above which only those words of a vector file are read that occur in the data."""

_DIMENSION_ROWS = 100
"""Number of rows at the beginning of a vector file that decide its dimension by majority."""


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Table of pre-trained word vectors.

    Attributes:
        words: words in the order of the file, without repetitions.
        matrix: float32 ``[len(words), D]``.
    """

    words: list[str]
    matrix: NDArray[np.float32]


def read_vectors(path: Path, sentences: Iterable[Sequence[str]], lowercase: bool = False) -> WordVectors:
    """Read word vectors in GloVe's text format: a word and its numbers per line, separated by blanks or tabs.

    The dimension is the most frequent one among the first 100 rows. Blank lines and word2vec's header line are
    skipped. So are rows that cannot be read, and their number is logged. The first of several rows of a word counts.

    Args:
        path: the file, plain or .gz.
        sentences: tokenized sentences of the data; only their words are read if the file has more than 100,000 rows.
        lowercase: give words of the data that are not in the file the vector of their lower-cased form; their number
            is logged.

    Returns:
        the words that were read, with their vectors.

    Raises:
        InputError: if at least half of the rows cannot be read, with the line of the first one; or if none remain.
    """
    size = _dimension(path)
    vectors: dict[str, NDArray[np.float32]] = {}
    wanted: set[str] | None = None
    row_count, odd_rows = 0, []
    sentences = list(sentences) if lowercase else sentences  # which are read twice
    for number, fields in _rows(path):
        row_count += 1
        if row_count == LARGE_FILE + 1:
            # The file is large: restrict it to words of the data, including what was read of it already.
            words = _words_of(sentences)
            wanted = words.union(map(str.lower, words)) if lowercase else words
            vectors = {word: vector for word, vector in vectors.items() if word in wanted}
        try:
            if len(fields) != size + 1:  # tested first, because removing empty fields from every row takes long
                fields = [field for field in fields if field]
            word = _word_of(fields, size)
            if word not in vectors and (wanted is None or word in wanted):
                vectors[word] = _numbers(fields[-size:])
        except ValueError as error:
            odd_rows.append((number, str(error)))
    _report_odd_rows(odd_rows, row_count, path)
    if not vectors:
        raise InputError("holds no vector of a word in the data" if row_count else "holds no vectors", path)
    if lowercase:
        _add_lowercased(vectors, _words_of(sentences))
    return WordVectors(list(vectors), np.stack(list(vectors.values())))


def _words_of(sentences: Iterable[Sequence[str]]) -> set[str]:
    return {unescape(word) for tokens in sentences for word in tokens}


def _add_lowercased(vectors: dict[str, NDArray[np.float32]], words: Iterable[str]) -> None:
    """Add the words without a vector whose lower-cased form has one, and log their number."""
    found = [word for word in sorted(words) if word not in vectors and word.lower() in vectors]
    vectors.update({word: vectors[word.lower()] for word in found})
    LOGGER.info("note: %d words of the data have the vector of their lower-cased form", len(found))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the fields of each row of a vector file, with empty fields between repeated blanks."""
    for number, line in read_lines(path):
        # Words may contain other white space, such as no-break spaces in the large GloVe files, hence no line.split().
        # A carriage return inside a word could not be saved in a vocabulary with one word per line.
        line = line.replace("\t", " ").replace("\r", " ").strip(" ")
        fields = line.split(" ")
        # word2vec and fastText write the size of the table, two whole numbers, in the first line.
        header = number == 1 and len(fields) == 2 and all(field.isdecimal() for field in fields)
        if line and not header:
            yield number, fields


def _dimension(path: Path) -> int:
    """Return the most frequent number of fields after the word among the first rows; 0 if there are no rows."""
    sizes = Counter(sum(map(bool, fields)) - 1 for _, fields in islice(_rows(path), _DIMENSION_ROWS))
    return max(sizes, key=sizes.__getitem__, default=0)


def _word_of(fields: list[str], size: int) -> str:
    """Return the word of a row with ``size`` numbers.

    Raises:
        ValueError: if the row is too short or too long.
    """
    # Some words of the large GloVe files contain blanks (". . ."), so the numbers are counted from the end of the line.
    # If all fields between the first one and these are numbers, the row may as well have too many numbers.
    surplus = fields[1:-size]
    if not 0 < size < len(fields) or (surplus and all(map(_is_number, surplus))):
        raise ValueError(f"expected a word and {size or 'its'} numbers, got {len(fields)} fields")
    return " ".join(fields[:-size])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(fields: list[str]) -> NDArray[np.float32]:
    """Convert the fields of a row to float32 ``[D]``.

    Raises:
        ValueError: if one of them is not a finite number.
    """
    try:
        with np.errstate(over="ignore"):  # a number too large for float32 becomes infinite, and is refused below
            numbers = np.array(fields, dtype=np.float32)
    except ValueError as error:
        raise ValueError(f"not a number: {str(error).split(': ')[-1]}") from error
    if not np.isfinite(numbers).all():
        raise ValueError("a number is not finite")
    return numbers


def _report_odd_rows(odd_rows: Sequence[tuple[int, str]], row_count: int, path: Path) -> None:
    """Log the number of rows that were skipped.

    Args:
        odd_rows: line number and error message of each row that cannot be read.
        row_count: number of all rows.
        path: the vector file.

    Raises:
        InputError: if they are half of the rows or more.
    """
    if not odd_rows:
        return
    line, message = odd_rows[0]
    if 2 * len(odd_rows) >= row_count:
        raise InputError(f"{message} ({len(odd_rows)} of {row_count} rows cannot be read)", path, line)
    LOGGER.info(
        "note: skipped %d of %d rows of %s that cannot be read; the first is line %d: %s",
        len(odd_rows),
        row_count,
        path,
        line,
        message,
    )


def write_vectors(path: Path, vectors: WordVectors) -> None:
    """Write word vectors in GloVe's text format, compressed if the name of the file ends in .gz.

    Raises:
        InputError: if the file cannot be written.
    """
    zipped = path.suffix == ".gz"
    row_format = " ".join(["%s", *["%.4f"] * vectors.matrix.shape[1]]) + "\n"
    # Without a name and the time of writing in its header, a gzip file depends on its content only.
    with replacing(path) as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if zipped else nullcontext(raw) as file:
        for word, vector in zip(vectors.words, vectors.matrix, strict=True):
            file.write((row_format % (word, *vector.tolist())).encode())


def join_vectors(tables: Sequence[WordVectors]) -> WordVectors:
    """Join word vectors side by side: the vector of a word is made of its vectors in all tables.

    A word that is missing in a table has zeros there.

    Args:
        tables: at least one table.

    Returns:
        the words of all tables, in the order of their first occurrence.
    """
    if len(tables) == 1:
        return tables[0]
    words = list(dict.fromkeys(word for table in tables for word in table.words))
    row_of = {word: row for row, word in enumerate(words)}
    columns = []
    for table in tables:
        column = np.zeros((len(words), table.matrix.shape[1]), dtype=np.float32)
        column[[row_of[word] for word in table.words]] = table.matrix
        columns.append(column)
    return WordVectors(words, np.concatenate(columns, axis=1))


def make_embedding(
    vocabulary: Vocabulary, size: int, vectors: WordVectors | None = None, trained: bool = True
) -> nn.Embedding:
    """Create an embedding layer, initialised from word vectors if there are any.

    Words without a vector are initialised uniformly in [-0.05, 0.05]; padding is 0.

    Args:
        vocabulary: vocabulary with one row of the embedding per id.
        size: dimension of the embedding, which equals that of ``vectors``.
        vectors: pre-trained vectors of words of the vocabulary.
        trained: whether the embedding is updated in training.
    """
    # The whole matrix is drawn, so that the random numbers that follow do not depend on which words have a vector.
    weight: Tensor = torch.empty(len(vocabulary), size).uniform_(-0.05, 0.05)
    if vectors is not None:
        weight[torch.tensor(vocabulary.rows_of(vectors.words))] = torch.from_numpy(vectors.matrix)
    weight[vocabulary.padding_id] = 0
    embedding = nn.Embedding(len(vocabulary), weight.shape[1], padding_idx=vocabulary.padding_id, _weight=weight)
    embedding.weight.requires_grad_(trained)
    return embedding
