"""Reading reviews with their scores, and the reviews in which people marked what each score rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import parse_json, read_filled_lines

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
    for number, line in read_filled_lines(path, "reviews"):
        scores, _, text = line.partition("\t")
        tokens = text.split()
        if not tokens:
            raise InputError("expected five scores, a tab and a text", path, number)
        yield BeerReview(tuple(tokens[:max_length]), _scores(scores.split(), path, number))


def read_annotations(path: Path) -> Iterator[BeerReview]:
    """The annotated reviews of a file, one JSON object a line.

    ``x`` holds the words, ``y`` the five scores, and ``0`` to ``4`` the stretches marked for each aspect.

    Raises:
        InputError: with the line, for one that is no such object; and for a file without reviews.
    """
    for number, line in read_filled_lines(path, "reviews"):
        row = parse_json(line, path, number)
        missing = [key for key in ("x", "y", "0", "1", "2", "3", "4") if not isinstance(row, dict) or key not in row]
        if missing:
            raise InputError(f"an annotated review needs {', '.join(missing)}", path, number)
        tokens, scores = row["x"], row["y"]
        if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
            raise InputError("x: expected a list of words", path, number)
        if not isinstance(scores, list):
            raise InputError("y: expected five scores", path, number)
        spans = tuple(
            _spans(str(aspect), row[str(aspect)], len(tokens), path, number) for aspect in range(len(ASPECTS))
        )
        yield BeerReview(tuple(tokens), _scores(scores, path, number), spans)


def _scores(fields: Sequence[Any], path: Path, line: int) -> tuple[float, ...]:
    if len(fields) != len(ASPECTS):
        raise InputError(f"expected five scores, got {len(fields)}", path, line)
    scores = []
    for field in fields:
        try:
            scores.append(float(field))
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"a score is not a number: {' '.join(str(field).split())[:40]}", path, line) from error
        if not 0 <= scores[-1] <= 1:
            raise InputError(f"a score lies outside [0, 1]: {field}", path, line)
    return tuple(scores)


def _spans(aspect: str, found: Any, length: int, path: Path, line: int) -> Spans:
    if not isinstance(found, list):
        raise InputError(f"{aspect}: expected a list of [start, end)", path, line)
    for span in found:
        if not isinstance(span, list) or len(span) != 2 or not all(type(end) is int for end in span):
            raise InputError(f"{aspect}: expected a list of [start, end)", path, line)
        if not 0 <= span[0] < span[1] <= length:
            raise InputError(f"{aspect}: [{span[0]}, {span[1]}) does not lie within {length} words", path, line)
    return tuple((start, end) for start, end in found)
