"""Reading the treebank: one tree in brackets a line, a sentiment class at every node; and GLUE's table of phrases."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nltk import Tree

from latent_rationale.common.data.vocabulary import unescape
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_filled_lines

CLASSES = ("very negative", "negative", "neutral", "positive", "very positive")


class Phrase(NamedTuple):
    """A node of a tree.

    Attributes:
        start: the position of its first word.
        end: the position behind its last word.
        label: 0 (very negative) to 4 (very positive).
    """

    start: int
    end: int
    label: int


@dataclass(frozen=True)
class SSTExample:
    """A sentence of the treebank.

    Attributes:
        tokens: its words, as the treebank writes them (``-LRB-`` for a bracket).
        label: 0 (very negative) to 4 (very positive); None for a text without a gold label.
        phrases: all nodes of its tree, the sentence first; empty where it has none.
    """

    tokens: tuple[str, ...]
    label: int | None
    phrases: tuple[Phrase, ...] = ()

    @property
    def token_labels(self) -> tuple[int, ...] | None:
        """The class of each word by itself; None where the tree has none, as in ``(3 a fine film)``."""
        known = {phrase.start: phrase.label for phrase in self.phrases if phrase.end == phrase.start + 1}
        return tuple(known[i] for i in range(len(self.tokens))) if len(known) == len(self.tokens) else None


def read_trees(path: Path) -> Iterator[SSTExample]:
    """The sentences of a file, one a line; empty lines are passed over.

    Raises:
        InputError: with the line, for a malformed tree, a label that is no class, or a sentence without words; and for
            a file without sentences.
    """
    for number, line in read_filled_lines(path, "sentences"):
        try:
            yield parse_tree(line)
        except InputError as error:
            raise InputError(str(error), path, number) from error


def parse_tree(text: str) -> SSTExample:
    """One tree, such as ``(3 (2 a) (3 (3 fine) (2 film)))``.

    Raises:
        InputError: if it is malformed.
    """
    if text.count("(") != text.count(")"):
        raise InputError("unbalanced parentheses")
    try:
        tree = Tree.fromstring(text)
    except ValueError as error:
        raise InputError(f"not a tree ({' '.join(str(error).split())})") from error
    if not isinstance(tree, Tree):
        raise InputError("not a tree")
    return SSTExample(tuple(tree.leaves()), _label(tree), tuple(_phrases(tree, 0)))


GLUE_HEADER = "sentence\tlabel"


def read_glue(path: Path) -> Iterator[SSTExample]:
    """The rows of GLUE's SST-2: a text, a tab, and one of two classes, 0 or 1, under a line that says so.

    Raises:
        InputError: with the line, for a row that is something else; and for a file without rows.
    """
    lines = read_filled_lines(path, "sentences")
    if next(lines)[1].strip() != GLUE_HEADER:
        raise InputError("expected the line 'sentence<tab>label' first", path, 1)
    empty = True
    for number, line in lines:
        text, _, label = line.rpartition("\t")
        if label.strip() not in ("0", "1"):
            raise InputError("expected a sentence, a tab, and 0 or 1", path, number)
        if not (tokens := tuple(text.split())):
            raise InputError("a row without words", path, number)
        empty = False
        yield SSTExample(tokens, int(label))
    if empty:
        raise InputError("holds no sentences", path)


def spelled_alike(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence as both the treebank and GLUE have it: in lower case, with plain brackets."""
    return tuple(unescape(token).lower() for token in tokens)


def _phrases(tree: Tree, start: int) -> Iterator[Phrase]:
    """This node, whose first word is at ``start``, and all below it."""
    yield Phrase(start, start + len(tree.leaves()), _label(tree))
    if not tree:
        raise InputError("a node without words")
    for child in tree:
        if isinstance(child, Tree):
            yield from _phrases(child, start)
            start += len(child.leaves())
        else:
            start += 1


def _label(tree: Tree) -> int:
    if tree.label() not in ("0", "1", "2", "3", "4"):
        raise InputError(f"expected a class from 0 to 4, got {tree.label() or 'none'}")
    return int(tree.label())
