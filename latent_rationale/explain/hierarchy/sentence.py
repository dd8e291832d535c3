"""Sentences encoded for a classifier."""

from dataclasses import dataclass

from torch import Tensor

from latent_rationale.explain.hierarchy.spans import Span


@dataclass(frozen=True, eq=False)
class EncodedSentence:
    """Words of a sentence with their ids: one id per word, or one per word piece.

    Attributes:
        tokens: the W words that the classifier reads; a longer sentence is truncated to its maximum length.
        ids: the ids of the words or word pieces, int64 ``[T]``.
        edges: W + 1 positions in ``ids``: the first id of each word, and the end of the last word.
        number: the index of the sentence in its data set, counted from 0; random draws for it are seeded with it.
    """

    tokens: tuple[str, ...]
    ids: Tensor
    edges: tuple[int, ...]
    number: int = 0

    def places(self, span: Span) -> Span:
        """Return the start and end (exclusive) of a phrase in ``ids``."""
        start, end = span
        return self.edges[start], self.edges[end]
