"""Making of word vectors, from files of texts to a file of vectors."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from latent_rationale.common.data.tokenization import tokenize
from latent_rationale.common.data.word_vectors import WordVectors, write_vectors
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_filled_lines
from latent_rationale.common.utils.writing import writable_folder
from latent_rationale.vectors.corpus import read_corpus
from latent_rationale.vectors.factorization import count_pairs, factorize, positive_information
from latent_rationale.vectors.options import VectorsOptions


def make_vectors(options: VectorsOptions) -> None:
    """Read texts, compute the vectors of their words, and write them to a file.

    Raises:
        InputError: if a file cannot be read or written, or the texts have too few words.
    """
    _check_files(options)
    vectors = vectors_of(read_texts(options), options)
    _refuse_to_replace(options)  # again, since another command may have written there
    write_vectors(options.output, vectors)
    LOGGER.info("%d vectors of %d dimensions are in %s", len(vectors.words), options.size, options.output)


def vectors_of(texts: Iterator[Sequence[str]], options: VectorsOptions) -> WordVectors:
    """Compute the vectors of the words of texts.

    Args:
        texts: words of each text.
        options: size, window, smallest frequency and seed.

    Raises:
        InputError: if there are fewer words than dimensions, or no words that occur together.
    """
    corpus = read_corpus(texts, options.min_count)
    frequent = f"{len(corpus.words):,} of {corpus.found:,} different words occur at least {options.min_count} times"
    if options.size > len(corpus.words):
        raise InputError(f"--size {options.size}: {frequent}; choose a lower --size or --min-count")
    LOGGER.info("texts: %s words; %s", f"{corpus.read:,}", frequent)
    information = positive_information(count_pairs(corpus, options.window))
    if not information.nnz:
        raise InputError("no two words occur together more often than by chance; add texts, or lower --min-count")
    LOGGER.info("factorizing the mutual information of %s pairs of words", f"{information.nnz:,}")
    matrix = factorize(information, options.size, options.seed)
    # A word of texts that are one word long has no context, and hence no vector.
    known = np.flatnonzero(np.diff(information.indptr))
    return WordVectors([corpus.words[row] for row in known], matrix[known])


def read_texts(options: VectorsOptions) -> Iterator[list[str]]:
    """Yield the words of each text. Blank lines and blank columns are skipped.

    Raises:
        InputError: if a file has no texts, or, with the line, if a column is missing.
    """
    split = str.split if options.tokenized else tokenize
    for path in options.input:
        for number, line in read_filled_lines(path, "texts"):
            yield from map(split, _columns(line, options.column, path, number))


def _columns(line: str, columns: Sequence[int], path: Path, number: int) -> list[str]:
    """Return the given columns of a line, counted from 1; all of them if none are given."""
    fields = line.split("\t")
    if max(columns, default=0) > len(fields):
        got = f"got {len(fields)}"
        raise InputError(f"--column {max(columns)}: expected columns with tabs between them, {got}", path, number)
    return [fields[column - 1] for column in columns] or fields


def _check_files(options: VectorsOptions) -> None:
    """Check that the texts are there and the vectors can be written, before anything long is done.

    Raises:
        InputError: otherwise.
    """
    for path in options.input:
        if not path.is_file():
            raise InputError("is a folder; expected a file of texts" if path.is_dir() else "no such file", path)
        if options.output.exists() and options.output.samefile(path):
            raise InputError("is one of the texts; choose another --output", path)
    _refuse_to_replace(options)
    writable_folder(options.output.parent)


def _refuse_to_replace(options: VectorsOptions) -> None:
    if options.output.is_dir():
        raise InputError("is a folder; --output expects a file", options.output)
    if options.output.exists() and not options.overwrite:
        raise InputError("exists already; replace it with --overwrite, or choose another --output", options.output)
