"""Reading reviews with their scores, and the reviews in which people marked what each score rests on."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latent_rationale.common.errors import InputError
from latent_rationale.common.files import read_lines

ASPECTS = ("look", "smell", "palate", "taste", "overall")

Spans = tuple[tuple[int, int], ...]
"""Stretches of words: where each starts, and where it has ended."""


@dataclass(frozen=True)
class BeerReview:
    """A review.

    Attributes:
        tokens: its words.
        scores: in [0, 1], one for each of ``ASPECTS``; None for a text without gold scores.
        spans: what people marked for each aspect, none or more; None where nobody was asked.
    """

    tokens: tuple[str, ...]
    scores: tuple[float, ...] | None
    spans: tuple[Spans, ...] | None = None


def read_reviews(path: Path, max_length: int | None = None) -> Iterator[BeerReview]:
    """The reviews of a file, one a line: five scores, a tab, the words. Empty lines are passed over.

    Args:
        path: plain or .gz.
        max_length: words after so many are dropped.

    Raises:
        InputError: with the line, for a review without five scores or without words; and for a file without reviews.
    """
    yield from _read(path, lambda line: _review(line, max_length))


def read_annotations(path: Path) -> Iterator[BeerReview]:
    """The annotated reviews of a file, one JSON object a line.

    ``x`` holds the words, ``y`` the five scores, and ``0`` to ``4`` the stretches marked for each aspect.

    Raises:
        InputError: with the line, for one that is no such object; and for a file without reviews.
    """
    yield from _read(path, _annotated)


def _read(path: Path, parse: Any) -> Iterator[BeerReview]:
    empty = True
    for number, line in read_lines(path):
        if not line.strip():
            continue
        empty = False
        try:
            yield parse(line)
        except InputError as error:
            raise InputError(str(error), path, number) from error
    if empty:
        raise InputError("holds no reviews", path)


def _review(line: str, max_length: int | None) -> BeerReview:
    scores, _, text = line.partition("\t")
    tokens = text.split()
    if not tokens:
        raise InputError("expected five scores, a tab and a text")
    return BeerReview(tuple(tokens[:max_length]), _scores(scores.split()))


def _annotated(line: str) -> BeerReview:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg})") from error
    missing = [key for key in ("x", "y", "0", "1", "2", "3", "4") if not isinstance(row, dict) or key not in row]
    if missing:
        raise InputError(f"an annotated review needs {', '.join(missing)}")
    tokens = row["x"]
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise InputError("x: expected a list of words")
    if not isinstance(row["y"], list):
        raise InputError("y: expected five scores")
    spans = tuple(_spans(aspect, row[str(aspect)], len(tokens)) for aspect in range(len(ASPECTS)))
    return BeerReview(tuple(tokens), _scores(row["y"]), spans)


def _scores(fields: Sequence[Any]) -> tuple[float, ...]:
    if len(fields) != len(ASPECTS):
        raise InputError(f"expected five scores, got {len(fields)}")
    return tuple(map(_score, fields))


def _score(field: Any) -> float:
    try:
        score = float(field)
    except (TypeError, ValueError) as error:
        raise InputError(f"a score is not a number: {field}") from error
    if not 0 <= score <= 1 or math.isnan(score):
        raise InputError(f"a score lies outside [0, 1]: {field}")
    return score


def _spans(aspect: int, found: Any, length: int) -> Spans:
    try:
        spans = tuple((int(start), int(end)) for start, end in found)
    except (TypeError, ValueError) as error:
        raise InputError(f"{aspect}: expected a list of [start, end)") from error
    for start, end in spans:
        if not 0 <= start < end <= length:
            raise InputError(f"{aspect}: [{start}, {end}) does not lie within {length} words")
    return spans
