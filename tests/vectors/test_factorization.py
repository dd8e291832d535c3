"""Word vectors against brute force on a toy corpus."""

from math import log

import numpy as np
import pytest

from latent_rationale.vectors import factorization
from latent_rationale.vectors.corpus import read_corpus
from latent_rationale.vectors.factorization import count_pairs, factorize, positive_information

WORDS = ("beer", "head", "pours", "a", "thin", "malt", "sweet", ".")
TEXTS = [
    [WORDS[index] for index in np.random.default_rng(number).choice(8, size=number % 9, p=np.arange(8, 0, -1) / 36)]
    for number in range(60)
]


def pairs_by_hand(texts, window):
    """Counts of ordered pairs of words of a text, at most ``window`` apart, as a dictionary."""
    counts = {}
    for text in texts:
        for i, left in enumerate(text):
            for j, right in enumerate(text):
                if i != j and abs(i - j) <= window:
                    counts[left, right] = counts.get((left, right), 0) + 1
    return counts


def information_by_hand(texts, window, words):
    """The formula of the docstring, word by word: dense ``[V, V]``."""
    counts = pairs_by_hand(texts, window)
    totals = {word: sum(counts.get((word, other), 0) for other in words) for word in words}
    smoothed = sum(total**0.75 for total in totals.values())
    matrix = np.zeros((len(words), len(words)))
    for (word, context), count in counts.items():
        value = log(count * smoothed / (totals[word] * totals[context] ** 0.75))
        matrix[words.index(word), words.index(context)] = max(value, 0)
    return matrix


@pytest.mark.parametrize("window", [1, 2, 5, 20])
@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_pairs_are_counted_as_by_hand_in_blocks_of_any_size(monkeypatch, window, at_once):
    monkeypatch.setattr(factorization, "PAIRS", at_once)
    corpus = read_corpus(TEXTS, 1)
    expected = np.zeros((len(corpus.words), len(corpus.words)))
    for (left, right), count in pairs_by_hand(TEXTS, window).items():
        expected[corpus.words.index(left), corpus.words.index(right)] = count
    np.testing.assert_array_equal(count_pairs(corpus, window).toarray(), expected)


@pytest.mark.parametrize("window", [1, 3])
def test_information_is_that_of_the_formula(window):
    corpus = read_corpus(TEXTS, 1)
    information = positive_information(count_pairs(corpus, window)).toarray()
    expected = information_by_hand(TEXTS, window, corpus.words)
    assert (expected > 0).sum() > 10
    np.testing.assert_allclose(information, expected, rtol=1e-5, atol=1e-6)


def test_products_of_vectors_are_the_root_of_the_squared_matrix():
    """With all dimensions and square roots of the singular values, ``W W' = U S U' = (M M')^(1/2)`` up to a factor."""
    corpus = read_corpus(TEXTS, 1)
    matrix = positive_information(count_pairs(corpus, 2))
    vectors = factorize(matrix, len(corpus.words), seed=1)
    values, basis = np.linalg.eigh(matrix.toarray() @ matrix.toarray().T)
    expected = basis * np.sqrt(np.maximum(values, 0)) @ basis.T
    products = vectors @ vectors.T
    np.testing.assert_allclose(products / np.trace(products), expected / np.trace(expected), atol=1e-5)
    assert np.sqrt(np.square(vectors).mean()) == pytest.approx(0.4, rel=1e-4)


def test_the_first_dimensions_are_those_of_the_best_approximation():
    corpus = read_corpus(TEXTS, 1)
    matrix = positive_information(count_pairs(corpus, 2))
    left, values, _ = np.linalg.svd(matrix.toarray())
    expected = left[:, :3] * np.sqrt(values[:3])
    vectors = factorize(matrix, 3, seed=5)
    cosine = (vectors * expected).sum(0) / np.linalg.norm(vectors, axis=0) / np.linalg.norm(expected, axis=0)
    np.testing.assert_allclose(np.abs(cosine), 1, atol=1e-4)


def test_words_are_ordered_by_frequency_and_rare_ones_left_out():
    corpus = read_corpus([["b", "a", "-LRB-", "c", "("], [], ["a", "b", "d"]], 2)
    assert corpus.words == ["(", "a", "b"]
    assert (corpus.read, corpus.found) == (8, 5)
    assert corpus.ids.tolist() == [2, 1, 0, 0, 1, 2]
    assert corpus.texts.tolist() == [0, 0, 0, 0, 2, 2]
