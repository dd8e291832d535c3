"""Word vectors from words that occur together: counts, positive pointwise mutual information, truncated SVD.

Levy, Goldberg & Dagan (2015) compare this method and its settings with word2vec and GloVe. A shift of the mutual
information and subsampling of frequent words are left out, because they made the vectors of beer reviews worse.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from sklearn.utils.extmath import randomized_svd

from latent_rationale.common.utils.progress import track
from latent_rationale.vectors.corpus import Corpus

PAIRS = 5_000_000
"""Approximate number of pairs of words that are counted at once, which bounds the memory of counting."""

SMOOTHING = 0.75
"""Exponent of the frequency of contexts, so that rare contexts do not dominate (Levy et al., section 3.2)."""

SINGULAR_VALUES = 0.5
"""Exponent of the singular values that scale the dimensions of a vector (Levy et al., section 3.3)."""

ITERATIONS = 5
"""Number of power iterations of the randomized SVD."""

ENTRY = 0.4
"""Root mean square of the entries of all vectors, about that of GloVe's, which models are initialised for."""


def count_pairs(corpus: Corpus, window: int) -> csr_array:
    """Count how often words occur together in a text, at most ``window`` words apart: symmetric, ``[V, V]``."""
    size, block = len(corpus.words), max(PAIRS // window, window)
    counts = csr_array((size, size), dtype=np.float64)
    for start in track(range(0, len(corpus.ids), block), "block", what="counting pairs of words"):
        # A block counts the pairs that begin in it; they end up to ``window`` words behind it.
        ids = corpus.ids[start : start + block + window]
        texts = corpus.texts[start : start + block + window]
        pairs = [_pairs(ids, texts, distance, block) for distance in range(1, window + 1)]
        left, right = np.concatenate(pairs, axis=1)
        counts += coo_array((np.ones(len(left)), (left, right)), (size, size)).tocsr()
    return csr_array(counts + counts.T)


def _pairs(ids: NDArray[np.int32], texts: NDArray[np.int32], distance: int, block: int) -> NDArray[np.int32]:
    """Return the pairs of words of one text at a certain distance, whose first word is among the first ``block`` ones.

    Returns:
        ids of the first and of the second words, ``[2, pairs]``.
    """
    first, second = slice(0, max(min(block, len(ids) - distance), 0)), slice(distance, distance + block)
    together = texts[first] == texts[second]
    return np.stack([ids[first][together], ids[second][together]])


def positive_information(counts: csr_array) -> csr_array:
    """Compute the positive pointwise mutual information of each word (row) and each context word (column).

    It is ``log(n(w, c) * sum_c' n(c')^a / (n(w) * n(c)^a))`` with the exponent ``a = SMOOTHING``, or 0 if negative.
    """
    pairs = counts.tocoo()
    word, context = pairs.coords
    totals = counts.sum(axis=1)
    smoothed = totals**SMOOTHING
    information = np.log(pairs.data / totals[word] / (smoothed / smoothed.sum())[context])
    positive = information > 0
    entries = information[positive].astype(np.float32)
    return coo_array((entries, (word[positive], context[positive])), counts.shape).tocsr()


def factorize(matrix: csr_array, size: int, seed: int) -> NDArray[np.float32]:
    """Return vectors of words whose products approximate a matrix of words and contexts.

    Args:
        matrix: words and contexts, ``[V, C]``, not all 0.
        size: number of dimensions.
        seed: seed of the random projections of the SVD.

    Returns:
        left singular vectors, each times a power of its singular value, ``[V, size]``.
    """
    left, values, _ = randomized_svd(matrix, size, n_iter=ITERATIONS, random_state=seed)
    vectors: NDArray[np.float32] = left * values**SINGULAR_VALUES
    return vectors * np.float32(ENTRY / np.sqrt(np.square(vectors).mean()))
