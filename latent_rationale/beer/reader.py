"""Readers of beer reviews with scores, and of reviews whose rationales were annotated for each aspect."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import parse_json, read_filled_lines

_ASCII_WHITE_SPACE = frozenset(string.whitespace)

ASPECTS = ("look", "smell", "palate", "taste", "overall")

Spans = tuple[tuple[int, int], ...]
"""Spans of words as pairs ``(start, end)``, where ``end`` is excluded."""


@dataclass(frozen=True)
class BeerReview:
    """Beer review with its scores and, in the annotated set, its rationales.

    Attributes:
        tokens: words of the review.
        scores: score in [0, 1] of each of ``ASPECTS``; None for a text without gold scores.
        spans: annotated spans of each aspect, possibly none; None for a review that was not annotated.
    """

    tokens: tuple[str, ...]
    scores: tuple[float, ...] | None
    spans: tuple[Spans, ...] | None = None


def read_reviews(path: Path, max_length: int | None = None) -> Iterator[BeerReview]:
    """Read the reviews of a file, one per line: five scores, a tab, the words. Blank lines are skipped.

    Args:
        path: the file, plain or .gz.
        max_length: maximum number of words; longer reviews are truncated.

    Raises:
        InputError: if the file has no reviews, or, with the line, if a review has no words or not five valid scores.
    """
    for number, line in read_filled_lines(path, "reviews"):
        scores, _, text = line.partition("\t")
        tokens = text.split()
        if not tokens:
            raise InputError("expected five scores, a tab and a text", path, number)
        yield BeerReview(tuple(tokens[:max_length]), _scores(scores.split(), path, number))


def read_annotations(path: Path) -> Iterator[BeerReview]:
    """Read the annotated reviews of a file with one JSON object per line.

    Key ``x`` has the words, ``y`` the five scores, and ``0`` to ``4`` the annotated spans ``[start, end)`` of each
    aspect.

    Raises:
        InputError: if the file has no reviews, or, with the line, if a review is malformed.
    """
    for number, line in read_filled_lines(path, "reviews"):
        row = parse_json(line, path, number)
        missing = [key for key in ("x", "y", "0", "1", "2", "3", "4") if not isinstance(row, dict) or key not in row]
        if missing:
            raise InputError(f"an annotated review needs {', '.join(missing)}", path, number)
        tokens, scores = _words(row["x"], path, number), row["y"]
        if not isinstance(scores, list):
            raise InputError("y: expected five scores", path, number)
        spans = tuple(
            _spans(str(aspect), row[str(aspect)], len(tokens), path, number) for aspect in range(len(ASPECTS))
        )
        yield BeerReview(tokens, _scores(scores, path, number), spans)


def _words(value: Any, path: Path, line: int) -> tuple[str, ...]:
    """Check and return the words of an annotated review."""
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise InputError("x: expected a list of words", path, line)
    for index, word in enumerate(value):
        # Such words would break files with one word or one text per line. The real annotations have words with other
        # white space (U+0085, U+00A0), which is harmless there.
        if not word or not _ASCII_WHITE_SPACE.isdisjoint(word):
            raise InputError(f"x: word {index}, counted from 0, is empty or has white space: {word[:40]!r}", path, line)
    return tuple(value)


def _scores(fields: Sequence[Any], path: Path, line: int) -> tuple[float, ...]:
    """Convert and check the scores of a review."""
    if len(fields) != len(ASPECTS):
        raise InputError(f"expected five scores, got {len(fields)}", path, line)
    scores = []
    for field in fields:
        try:
            scores.append(float(field))
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"a score is not a number: {' '.join(str(field).split())[:40]}", path, line) from error
        if not 0 <= scores[-1] <= 1:  # true for nan as well
            raise InputError(f"a score lies outside [0, 1]: {field}", path, line)
    return tuple(scores)


def _spans(aspect: str, value: Any, length: int, path: Path, line: int) -> Spans:
    """Check and return the spans of an aspect in a review of ``length`` words."""
    if not isinstance(value, list):
        raise InputError(f"{aspect}: expected a list of [start, end)", path, line)
    for span in value:
        if not isinstance(span, list) or len(span) != 2 or not all(type(end) is int for end in span):  # no bool
            raise InputError(f"{aspect}: expected a list of [start, end)", path, line)
        if not 0 <= span[0] < span[1] <= length:
            raise InputError(f"{aspect}: [{span[0]}, {span[1]}) does not lie within {length} words", path, line)
    return tuple((start, end) for start, end in value)
