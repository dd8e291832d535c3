"""Encoded sentences: words with the ids that a classifier reads."""

from dataclasses import dataclass

from torch import Tensor

from latent_rationale.explain.hierarchy.spans import Span


@dataclass(frozen=True, eq=False)
class EncodedSentence:
    """Words and their ids, one for each word or one for each piece of a word.

    Attributes:
        tokens: the words that the model reads, which may be fewer than the text has.
        ids: ids of the sentence, ``[T]``.
        edges: positions in the ids at which words begin, followed by the position after the last word.
        number: index of the sentence in its data set, from 0, on which sampling depends.
    """

    tokens: tuple[str, ...]
    ids: Tensor
    edges: tuple[int, ...]
    number: int = 0

    def places(self, span: Span) -> Span:
        """Return the positions of a phrase in the ids."""
        start, end = span
        return self.edges[start], self.edges[end]
