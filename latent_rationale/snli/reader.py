"""Readers of SNLI and of e-SNLI, in which annotators highlighted the words that explain the relation."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nltk.tokenize import TreebankWordTokenizer

from latent_rationale.common.utils.errors import AbsentDataError, InputError
from latent_rationale.common.utils.files import parse_json, read_filled_lines, read_lines

RELATIONS = ("entailment", "contradiction", "neutral")

CharacterSpan = tuple[int, int]
"""Span of characters ``(start, end)``, where ``end`` is excluded."""

_UNDECIDED = "-"
_SENTENCES = ("sentence1", "sentence2")
_PARSES = ("sentence1_binary_parse", "sentence2_binary_parse")


@dataclass(frozen=True)
class Highlight:
    """Tokens that one annotator highlighted.

    Attributes:
        premise: indices of highlighted tokens of the premise.
        hypothesis: indices of highlighted tokens of the hypothesis.
    """

    premise: frozenset[int]
    hypothesis: frozenset[int]


@dataclass(frozen=True)
class SNLIPair:
    """Premise and hypothesis with the relation between them.

    Attributes:
        premise: words of the premise in the Penn Treebank's spelling (``-LRB-`` for an opening bracket).
        hypothesis: words of the hypothesis, in the same spelling.
        label: index into ``RELATIONS``; None for a pair without a gold label.
        highlights: one highlight for each annotator; empty for a pair of SNLI.
    """

    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    label: int | None
    highlights: tuple[Highlight, ...] = ()


def read_pairs(path: Path) -> Iterator[SNLIPair]:
    """Read the pairs of a file of SNLI 1.0 (Bowman et al., 2015), which has one JSON object per line.

    ``gold_label`` has the relation. Words are taken from ``sentence{1,2}_binary_parse`` if it is given, otherwise from
    ``sentence{1,2}``. Blank lines and pairs on which the annotators disagreed (label ``-``) are skipped.

    Raises:
        InputError: if the file has no pairs, or, with the line, if a pair is malformed, has an unknown relation or has
            a sentence without words.
    """
    rows = ((line, parse_json(text, path, line)) for line, text in read_filled_lines(path, "pairs"))
    yield from _labelled_pairs(rows, _parsed_pair, path)


def read_highlighted_pairs(path: Path) -> Iterator[SNLIPair]:
    """Read the pairs of a file of e-SNLI (Camburu et al., 2018), a CSV file with its columns in any order.

    ``gold_label`` has the relation, ``Sentence{1,2}`` the text, and ``Sentence{1,2}_Highlighted_{1,2,...}`` the indices
    of the words that an annotator highlighted, or ``{}`` for none. Column names are not case-sensitive. Blank rows and
    pairs on which the annotators disagreed are skipped.

    Raises:
        InputError: if the file has no pairs, or, with the last line of the row, if a row is malformed, has an unknown
            relation, a sentence without words, or the index of a word that does not exist.
    """
    yield from _labelled_pairs(_csv_rows(path), _highlighted_pair, path)


def treebank_tokens(sentence: str) -> tuple[str, ...]:
    """Split raw text into words in the spelling of SNLI's parses: ``-LRB-`` for ``(``, two backticks for a quote."""
    # Each text of SNLI is one sentence. A sentence splitter would only split it after "Mr." or "St."
    return tuple(TreebankWordTokenizer().tokenize(sentence, convert_parentheses=True))


def align(words: Sequence[CharacterSpan], tokens: Sequence[CharacterSpan]) -> frozenset[int]:
    """Return the indices of the tokens that share at least one character with one of the words.

    Args:
        words: character spans of words.
        tokens: character spans of tokens of the same text.
    """
    return frozenset(
        index
        for index, (start, end) in enumerate(tokens)
        if any(max(start, first) < min(end, last) for first, last in words)
    )


def _labelled_pairs(
    rows: Iterable[tuple[int, Any]], pair_of: Callable[[Any], SNLIPair], path: Path
) -> Iterator[SNLIPair]:
    """Yield the pairs with a gold label.

    Args:
        rows: line number and content of each row.
        pair_of: converts the content of a row to a pair.
        path: the file, named in error messages.
    """
    empty = True
    for line, row in rows:
        try:
            pair = pair_of(row)
        except InputError as error:
            raise InputError(str(error), path, line) from error
        if pair.label is not None:
            empty = False
            yield pair
    if empty:
        raise AbsentDataError("holds no pairs with a gold label", path)


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of the last line and the cells by column name of each row of a CSV file.

    Column names are converted to lower case, because both ``Sentence1`` and ``sentence1`` occur in files of e-SNLI.
    """
    # Line breaks are appended again, since a quoted cell may extend over several lines.
    reader = csv.reader((line + "\n" for _, line in read_lines(path)), strict=True)
    rows = (row for row in reader if "".join(row).strip())
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        for row in rows:
            if len(row) != len(names):
                raise InputError(f"expected {len(names)} cells, got {len(row)}", path, reader.line_num)
            yield reader.line_num, dict(zip(names, row, strict=True))
    except csv.Error as error:
        raise InputError(f"not CSV ({error})", path, reader.line_num) from error


def _parsed_pair(row: Any) -> SNLIPair:
    """Convert a JSON object of SNLI to a pair."""
    relation, *sentences = _texts(row, "gold_label", *_SENTENCES)
    parses = _texts(dict.fromkeys(_PARSES, "") | row, *_PARSES)
    tokens = [_leaves(parse) or treebank_tokens(text) for parse, text in zip(parses, sentences, strict=True)]
    return _make_pair(relation, tokens)


def _leaves(parse: str) -> tuple[str, ...]:
    """Return the words of a parse such as ``( ( A dog ) ( barks . ) )``."""
    return tuple(token for token in parse.split() if token not in ("(", ")"))


def _highlighted_pair(row: dict[str, str]) -> SNLIPair:
    """Convert a row of e-SNLI to a pair."""
    relation, *sentences = _texts(row, "gold_label", *_SENTENCES)
    return _make_pair(relation, [treebank_tokens(text) for text in sentences], tuple(_highlights(row, sentences)))


def _highlights(row: dict[str, str], sentences: Sequence[str]) -> Iterator[Highlight]:
    """Yield the highlight of each annotator, given a row of e-SNLI and its two sentences."""
    # Annotators saw words between blanks, while models read tokens. Both are located by their characters.
    words = [_word_spans(text) for text in sentences]
    tokens = [list(TreebankWordTokenizer().span_tokenize(text)) for text in sentences]
    annotators = sum(name.startswith("sentence1_highlighted_") for name in row)
    for annotator in range(1, max(annotators, 1) + 1):
        names = [f"{sentence}_highlighted_{annotator}" for sentence in _SENTENCES]
        cells = _texts(row, *names)
        if any(cells):  # an annotator who highlighted nothing wrote {}; without an answer both cells are empty
            premise, hypothesis = map(_highlighted, names, cells, words, tokens)
            yield Highlight(premise, hypothesis)


def _word_spans(sentence: str) -> list[CharacterSpan]:
    """Return the character spans of words as e-SNLI counts them: two consecutive blanks enclose an empty word."""
    spans, start = [], 0
    for word in sentence.split(" "):
        spans.append((start, start + len(word)))
        start += len(word) + 1
    return spans


def _highlighted(
    name: str, cell: str, words: Sequence[CharacterSpan], tokens: Sequence[CharacterSpan]
) -> frozenset[int]:
    """Return the indices of the highlighted tokens of a sentence.

    Args:
        name: name of the column, for error messages.
        cell: comma-separated indices of highlighted words, or ``{}``.
        words: character spans of the sentence's words.
        tokens: character spans of its tokens.
    """
    try:
        indices = sorted(map(int, cell.split(","))) if cell not in ("", "{}") else []
    except ValueError as error:
        raise InputError(f"{name}: expected indices of words, got {_excerpt(cell)}") from error
    for index in indices:
        if not 0 <= index < len(words):
            raise InputError(f"{name}: there is no word {index} among {len(words)}, counted from 0")
    return align([words[index] for index in indices], tokens)


def _texts(row: Any, *names: str) -> list[str]:
    """Return the fields of a row with these names, after a check that all of them are text."""
    missing = [name for name in names if not isinstance(row, dict) or name not in row]
    if missing:
        raise InputError(f"a pair needs {', '.join(missing)}")
    for name in names:
        if not isinstance(row[name], str):
            raise InputError(f"{name}: expected text")
    return [row[name] for name in names]


def _make_pair(relation: str, tokens: Sequence[tuple[str, ...]], highlights: tuple[Highlight, ...] = ()) -> SNLIPair:
    """Create a pair from the relation's name and the tokens of both sentences, after a check of both."""
    if relation not in (*RELATIONS, _UNDECIDED):
        raise InputError(f"gold_label: expected {', '.join(RELATIONS)} or -, got {_excerpt(relation)}")
    for name, words in zip(_SENTENCES, tokens, strict=True):
        if not words:
            raise InputError(f"{name} has no words")
    premise, hypothesis = tokens
    label = None if relation == _UNDECIDED else RELATIONS.index(relation)
    return SNLIPair(premise, hypothesis, label, highlights)


def _excerpt(text: str) -> str:
    """Return the beginning of a text on one line, for an error message."""
    return " ".join(text.split())[:40] or "none"
