"""Phrases of a sentence as pairs of positions, and trees of nested phrases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from latent_rationale.common.utils.errors import InputError

Span = tuple[int, int]
"""A phrase: the position of its first word, and the position after its last word."""


@dataclass(frozen=True, eq=False, repr=False)
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
        # Built from the end, so that the phrases within a phrase are there before it: the next trees on the stack.
        stack: list[SpanTree] = []
        for span in reversed(ordered):
            children = []
            while stack and stack[-1].span[0] < span[1]:
                children.append(stack.pop())
            stack.append(cls(span, tuple(children)))
        if len(stack) > 1:
            raise ValueError(f"phrases {stack[-1].span} and {stack[-2].span}: expected a phrase that contains both")
        return stack[0]

    def __iter__(self) -> Iterator["SpanTree"]:
        """Iterate over this node and all nodes below it in preorder: a phrase before the phrases within it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    # A tree is known by its phrases. These methods of a dataclass would recurse, too deeply for a tree of many levels.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpanTree) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(tuple(self.spans))

    def __repr__(self) -> str:
        return f"SpanTree.of({self.spans})"

    @property
    def spans(self) -> list[Span]:
        """Spans of all nodes in preorder."""
        return [node.span for node in self]

    @property
    def heights(self) -> dict[Span, int]:
        """Height of each phrase: 0 for a word, else one more than that of its highest child, and at least 1."""
        heights: dict[Span, int] = {}
        for node in reversed(list(self)):  # children first
            highest = max((heights[child.span] for child in node.children), default=0)
            heights[node.span] = 0 if size(node.span) == 1 else 1 + highest
        return heights


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
