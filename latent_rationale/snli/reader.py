"""Reading pairs of sentences, and the pairs in which people highlighted what the relation rests on."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nltk.tokenize import TreebankWordTokenizer

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import parse_json, read_filled_lines, read_lines

RELATIONS = ("entailment", "contradiction", "neutral")

CharacterSpan = tuple[int, int]
"""A stretch of characters: where it starts, and where it has ended."""

_UNDECIDED = "-"
_SENTENCES = ("sentence1", "sentence2")
_PARSES = ("sentence1_binary_parse", "sentence2_binary_parse")


@dataclass(frozen=True)
class Highlight:
    """What one annotator highlighted.

    Attributes:
        premise: indices of tokens.
        hypothesis: likewise.
    """

    premise: frozenset[int]
    hypothesis: frozenset[int]


@dataclass(frozen=True)
class SNLIPair:
    """Two sentences, and how the second relates to the first.

    Attributes:
        premise: its words, as the treebank writes them (``-LRB-`` for a bracket).
        hypothesis: likewise.
        label: an index into ``RELATIONS``; None for a pair without a gold label.
        highlights: one for each annotator; none where nobody was asked.
    """

    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    label: int | None
    highlights: tuple[Highlight, ...] = ()


def read_pairs(path: Path) -> Iterator[SNLIPair]:
    """The pairs of a file of SNLI 1.0 (Bowman et al., 2015), one JSON object a line.

    ``gold_label`` holds the relation. Words come from ``sentence{1,2}_binary_parse``, and where there is none from
    ``sentence{1,2}``. Empty lines, and pairs that annotators did not agree on (``-``), are passed over.

    Raises:
        InputError: with the line, for one that is no such object, for an unknown relation or a sentence without words;
            and for a file without pairs.
    """
    rows = ((line, parse_json(text, path, line)) for line, text in read_filled_lines(path, "pairs"))
    yield from _labelled_pairs(rows, _parsed_pair, path)


def read_highlighted_pairs(path: Path) -> Iterator[SNLIPair]:
    """The pairs of a file of e-SNLI (Camburu et al., 2018): a CSV file, its columns in any order.

    ``gold_label`` holds the relation, ``Sentence{1,2}`` the words, ``Sentence{1,2}_Highlighted_{1,2,...}`` the indices
    of those that an annotator highlighted, ``{}`` for none; capitals do not matter. Rows with nothing in them are
    passed over, and so are pairs that annotators did not agree on.

    Raises:
        InputError: with the line a row ends in, for one that is no such row, for an unknown relation, a sentence
            without words, or an index that none of its words has; and for a file without pairs.
    """
    yield from _labelled_pairs(_csv_rows(path), _highlighted_pair, path)


def treebank_tokens(sentence: str) -> tuple[str, ...]:
    """The words of raw text, spelled as in SNLI's parses: ``-LRB-`` for a bracket, two backticks for a quote.

    A text of SNLI is one sentence; looking for more of them would only cut it after ``Mr.`` or ``St.``
    """
    return tuple(TreebankWordTokenizer().tokenize(sentence, convert_parentheses=True))


def align(words: Sequence[CharacterSpan], tokens: Sequence[CharacterSpan]) -> frozenset[int]:
    """Indices of the tokens that share at least one character with one of these words of the same text."""
    return frozenset(
        index
        for index, (start, end) in enumerate(tokens)
        if any(max(start, first) < min(end, last) for first, last in words)
    )


def _labelled_pairs(
    rows: Iterable[tuple[int, Any]], pair_of: Callable[[Any], SNLIPair], path: Path
) -> Iterator[SNLIPair]:
    """The pairs with a gold label, from the line and the content of each row."""
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
        raise InputError("holds no pairs with a gold label", path)


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The last line of each row, and its cells by column.

    Names of columns are in lower case, since files of e-SNLI are about that spell them ``Sentence1`` or ``sentence1``.
    """
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
    relation, *sentences = _texts(row, "gold_label", *_SENTENCES)
    parses = _texts(dict.fromkeys(_PARSES, "") | row, *_PARSES)
    tokens = [_leaves(parse) or treebank_tokens(text) for parse, text in zip(parses, sentences, strict=True)]
    return _pair(relation, tokens)


def _leaves(parse: str) -> tuple[str, ...]:
    """The words of a parse such as ``( ( A dog ) ( barks . ) )``."""
    return tuple(token for token in parse.split() if token not in ("(", ")"))


def _highlighted_pair(row: dict[str, str]) -> SNLIPair:
    relation, *sentences = _texts(row, "gold_label", *_SENTENCES)
    return _pair(relation, [treebank_tokens(text) for text in sentences], tuple(_highlights(row, sentences)))


def _highlights(row: dict[str, str], sentences: Sequence[str]) -> Iterator[Highlight]:
    words = [_word_spans(text) for text in sentences]
    tokens = [list(TreebankWordTokenizer().span_tokenize(text)) for text in sentences]
    annotators = sum(name.startswith("sentence1_highlighted_") for name in row)
    for annotator in range(1, max(annotators, 1) + 1):
        names = [f"{sentence}_highlighted_{annotator}" for sentence in _SENTENCES]
        cells = _texts(row, *names)
        if any(cells):  # with nothing in either, not even {}, this annotator gave no answer
            premise, hypothesis = map(_highlighted, names, cells, words, tokens)
            yield Highlight(premise, hypothesis)


def _word_spans(sentence: str) -> list[CharacterSpan]:
    """The words as e-SNLI counts them: two blanks in a row have an empty one between them."""
    spans, start = [], 0
    for word in sentence.split(" "):
        spans.append((start, start + len(word)))
        start += len(word) + 1
    return spans


def _highlighted(
    name: str, cell: str, words: Sequence[CharacterSpan], tokens: Sequence[CharacterSpan]
) -> frozenset[int]:
    """The highlighted tokens of a sentence, from the column and the cell that hold the indices of its words."""
    try:
        indices = sorted(map(int, cell.split(","))) if cell not in ("", "{}") else []
    except ValueError as error:
        raise InputError(f"{name}: expected indices of words, got {_excerpt(cell)}") from error
    for index in indices:
        if not 0 <= index < len(words):
            raise InputError(f"{name}: there is no word {index} among {len(words)}, counted from 0")
    return align([words[index] for index in indices], tokens)


def _texts(row: Any, *names: str) -> list[str]:
    """The fields of a row with these names."""
    missing = [name for name in names if not isinstance(row, dict) or name not in row]
    if missing:
        raise InputError(f"a pair needs {', '.join(missing)}")
    for name in names:
        if not isinstance(row[name], str):
            raise InputError(f"{name}: expected text")
    return [row[name] for name in names]


def _pair(relation: str, tokens: Sequence[tuple[str, ...]], highlights: tuple[Highlight, ...] = ()) -> SNLIPair:
    if relation not in (*RELATIONS, _UNDECIDED):
        raise InputError(f"gold_label: expected {', '.join(RELATIONS)} or -, got {_excerpt(relation)}")
    for name, words in zip(_SENTENCES, tokens, strict=True):
        if not words:
            raise InputError(f"{name} has no words")
    premise, hypothesis = tokens
    label = None if relation == _UNDECIDED else RELATIONS.index(relation)
    return SNLIPair(premise, hypothesis, label, highlights)


def _excerpt(text: str) -> str:
    """The beginning of a text, on one line."""
    return " ".join(text.split())[:40] or "none"
