"""Readers of the Stanford Sentiment Treebank (one labelled tree per line) and of GLUE's SST-2 (a table of phrases)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nltk import Tree

from latent_rationale.common.data.vocabulary import unescape
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import read_filled_lines

# Words are separated by ASCII white space and brackets only. nltk's own pattern splits at any white space, also at the
# no-break space in ``8 1/2``. White space at either end of a word is not part of it.
_WORD = r"[^\s()](?:[^ \t\n\r\f\v()]*[^\s()])?"

CLASSES = ("very negative", "negative", "neutral", "positive", "very positive")


class Phrase(NamedTuple):
    """Node of a sentiment tree, which spans the words ``[start, end)``.

    Attributes:
        start: index of the first word.
        end: index after the last word.
        label: sentiment from 0 (very negative) to 4 (very positive).
    """

    start: int
    end: int
    label: int


@dataclass(frozen=True)
class SSTExample:
    """Sentence of the treebank.

    Attributes:
        tokens: words in the treebank's spelling (``-LRB-`` for an opening bracket).
        label: sentiment from 0 (very negative) to 4 (very positive); None for a text without a gold label.
        phrases: nodes of the tree in preorder, beginning with the whole sentence; empty without a tree.
    """

    tokens: tuple[str, ...]
    label: int | None
    phrases: tuple[Phrase, ...] = ()

    @property
    def token_labels(self) -> tuple[int, ...] | None:
        """Sentiment of each word; None unless the tree labels every word, unlike ``(3 a fine film)``."""
        labels = {phrase.start: phrase.label for phrase in self.phrases if phrase.end == phrase.start + 1}
        return tuple(labels[i] for i in range(len(self.tokens))) if len(labels) == len(self.tokens) else None


def read_trees(path: Path) -> Iterator[SSTExample]:
    """Read the sentences of a file with one tree per line; blank lines are skipped.

    Raises:
        InputError: if the file has no sentences, or, with the line, if a tree is malformed, has a node without words
            or has a label other than 0 to 4.
    """
    for number, line in read_filled_lines(path, "sentences"):
        try:
            yield parse_tree(line)
        except InputError as error:
            raise InputError(str(error), path, number) from error


def parse_tree(text: str) -> SSTExample:
    """Parse a tree such as ``(3 (2 a) (3 (3 fine) (2 film)))``.

    Raises:
        InputError: if the tree is malformed.
    """
    # The most frequent error, for which nltk's message is harder to understand.
    if text.count("(") != text.count(")"):
        raise InputError("unbalanced parentheses")
    try:
        tree = Tree.fromstring(text, leaf_pattern=_WORD)
    except ValueError as error:
        # nltk's message extends over several lines.
        raise InputError(f"not a tree ({' '.join(str(error).split())})") from error
    if not isinstance(tree, Tree):
        raise InputError("not a tree")
    return SSTExample(tuple(tree.leaves()), _label(tree), tuple(_phrases(tree, 0)))


GLUE_HEADER = "sentence\tlabel"
"""First line of a table of GLUE's SST-2."""


def has_labels(path: Path) -> bool:
    """Return whether a table of texts has labels; GLUE's test set, with the header ``index<tab>sentence``, has none."""
    return next(read_filled_lines(path, "sentences"))[1].split() != ["index", "sentence"]


def read_glue(path: Path) -> Iterator[SSTExample]:
    """Read a table of GLUE's SST-2: a header, then rows of a text, a tab, and 0 (negative) or 1 (positive).

    Raises:
        InputError: if the header is missing, the file has no rows, or, with the line, if a row is malformed.
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


def normalize_tokens(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Convert the tokens of the treebank or of GLUE to a common spelling: lower case, with plain brackets.

    Tokens with a no-break space are split, because GLUE has an ordinary blank in its place.
    """
    return tuple(word for token in tokens for word in unescape(token).lower().split())


def _phrases(tree: Tree, start: int) -> Iterator[Phrase]:
    """Yield the phrases of a tree in preorder.

    Args:
        tree: the tree or subtree.
        start: index of its first word in the sentence.
    """
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
    """Return the label of the root."""
    if tree.label() not in ("0", "1", "2", "3", "4"):
        raise InputError(f"expected a class from 0 to 4, got {tree.label() or 'none'}")
    return int(tree.label())
