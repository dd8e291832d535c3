"""A sentence as a classifier reads it."""

from dataclasses import dataclass

from torch import Tensor

from latent_rationale.explain.hierarchy.spans import Span


@dataclass(frozen=True, eq=False)
class EncodedSentence:
    """Words, and the ids that stand for them: one each, or one for each of their pieces.

    Attributes:
        tokens: the words that are read; fewer than there are, where a model reads so many and no more.
        ids: ``[T]``.
        edges: where each word begins among the ids, and where the last one ends.
        number: which one it is where it comes from, counted from 0. With it its randomness starts.
    """

    tokens: tuple[str, ...]
    ids: Tensor
    edges: tuple[int, ...]
    number: int = 0

    def places(self, span: Span) -> Span:
        """Where the ids of a phrase are."""
        start, end = span
        return self.edges[start], self.edges[end]
