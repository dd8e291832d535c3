"""Phrases of a sentence as pairs of positions, and trees of nested phrases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from latent_rationale.common.utils.errors import InputError

Span = tuple[int, int]
"""A phrase: the position of its first word, and the position after its last word."""


@dataclass(frozen=True)
class SpanTree:
    """A phrase and the phrases nested in it.

    Attributes:
        span: the positions of the phrase.
        children: trees of smaller, non-overlapping phrases inside the span, from left to right. They need not cover it.
    """

    span: Span
    children: tuple["SpanTree", ...] = ()

    def __post_init__(self) -> None:
        """Check that the span is not empty and the children are smaller, ordered and disjoint phrases within it.

        Raises:
            ValueError: if one of these conditions does not hold.
        """
        # Start, edges of all children, end: disjoint children in order within the span give a sorted list.
        edges = [self.span[0], *(edge for child in self.children for edge in child.span), self.span[1]]
        alone = [child.span for child in self.children] == [self.span]
        if alone or edges != sorted(edges) or self.span[0] >= self.span[1]:
            raise ValueError(
                f"phrase {self.span}: expected at least one word, and disjoint smaller phrases within it in order, "
                f"got {[child.span for child in self.children]}"
            )

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "SpanTree":
        """Build the tree of a set of phrases.

        Args:
            spans: phrases of which any two are disjoint or nested, and one of which contains all others.

        Raises:
            ValueError: if two phrases cross, or no phrase contains all others.
        """
        # From left to right, and a phrase before those that start at the same word within it: preorder of the tree.
        ordered = sorted(set(spans), key=lambda span: (span[0], -span[1]))
        root, used = cls._grow(ordered, 0)
        if used < len(ordered):
            raise ValueError(f"phrases {root.span} and {ordered[used]}: expected a phrase that contains both")
        return root

    @classmethod
    def _grow(cls, ordered: list[Span], place: int) -> tuple["SpanTree", int]:
        """Build the tree whose root stands at an index of a list of phrases in preorder.

        Returns:
            The tree, and the index after its last phrase.
        """
        span, place = ordered[place], place + 1
        children = []
        # In preorder, the phrases within this one follow it, up to the first one that starts at or after its end.
        while place < len(ordered) and ordered[place][0] < span[1]:
            child, place = cls._grow(ordered, place)
            children.append(child)
        return cls(span, tuple(children)), place

    def __iter__(self) -> Iterator["SpanTree"]:
        """Iterate over this node and all nodes below it in preorder: a phrase before the phrases within it."""
        yield self
        for child in self.children:
            yield from child

    @property
    def spans(self) -> list[Span]:
        """Spans of all nodes in preorder."""
        return [node.span for node in self]


def size(span: Span) -> int:
    """Return the number of words of a phrase."""
    return span[1] - span[0]


def shorter_first(spans: Iterable[Span]) -> list[Span]:
    """Return phrases sorted by length, and from left to right within each length."""
    return sorted(spans, key=lambda span: (size(span), span))


def all_spans(length: int, longest: int) -> list[Span]:
    """Return every phrase of at most ``longest`` words of a sentence of ``length`` words, the shorter ones first."""
    sizes = range(1, min(longest, length) + 1)
    return [(start, start + words) for words in sizes for start in range(length - words + 1)]


def check_spans(spans: Iterable[Span], length: int) -> None:
    """Check that phrases are not empty and lie within a sentence of ``length`` words.

    Raises:
        InputError: for the first phrase that is empty or lies outside.
    """
    for start, end in spans:
        if not 0 <= start < end <= length:
            raise InputError(f"phrase ({start}, {end}): expected 0 <= start < end <= {length}, the number of words")
