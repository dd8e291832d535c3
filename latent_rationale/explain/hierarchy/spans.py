"""Phrases of a sentence, and how they lie inside one another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from latent_rationale.common.utils.errors import InputError

Span = tuple[int, int]
"""A phrase: the position of its first word, and the one behind its last."""


@dataclass(frozen=True)
class SpanTree:
    """A phrase and the phrases it is made of.

    Attributes:
        span: its words.
        children: phrases inside it that do not overlap, from left to right. They need not cover it.
    """

    span: Span
    children: tuple["SpanTree", ...] = ()

    def __post_init__(self) -> None:
        """See that children are smaller than the phrase, and lie side by side within it.

        Raises:
            ValueError: if they do not.
        """
        edges = [self.span[0], *(edge for child in self.children for edge in child.span), self.span[1]]
        alone = [child.span for child in self.children] == [self.span]
        if alone or edges != sorted(edges) or self.span[0] >= self.span[1]:
            raise ValueError(
                f"phrases {[child.span for child in self.children]} do not lie side by side in {self.span}"
            )

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "SpanTree":
        """The tree of phrases of which any two are apart or one within the other, and one holds all.

        Raises:
            ValueError: for phrases that cross, or none that holds all.
        """
        ordered = sorted(set(spans), key=lambda span: (span[0], -span[1]))
        root, used = cls._grow(ordered, 0)
        if used < len(ordered):
            raise ValueError(f"no phrase holds both {root.span} and {ordered[used]}")
        return root

    @classmethod
    def _grow(cls, ordered: list[Span], place: int) -> tuple["SpanTree", int]:
        """The tree of the phrase at a place of the list, and the place behind all that it holds."""
        span, place = ordered[place], place + 1
        children = []
        while place < len(ordered) and ordered[place][0] < span[1]:
            child, place = cls._grow(ordered, place)
            children.append(child)
        return cls(span, tuple(children)), place

    def __iter__(self) -> Iterator["SpanTree"]:
        """This phrase and all within it, the larger before the smaller."""
        yield self
        for child in self.children:
            yield from child

    @property
    def spans(self) -> list[Span]:
        """All phrases, the larger before the smaller."""
        return [node.span for node in self]


def size(span: Span) -> int:
    """How many words a phrase has."""
    return span[1] - span[0]


def shorter_first(spans: Iterable[Span]) -> list[Span]:
    """Phrases by how many words they have; those of as many from left to right."""
    return sorted(spans, key=lambda span: (size(span), span))


def all_spans(length: int, longest: int) -> list[Span]:
    """Every phrase of at most so many words of a sentence, the shorter first."""
    sizes = range(1, min(longest, length) + 1)
    return [(start, start + words) for words in sizes for start in range(length - words + 1)]


def check_spans(spans: Iterable[Span], length: int) -> None:
    """See that phrases lie within a sentence.

    Raises:
        InputError: for one that does not, or has no words.
    """
    for start, end in spans:
        if not 0 <= start < end <= length:
            raise InputError(f"phrase ({start}, {end}): expected 0 <= start < end <= {length}, the number of words")
