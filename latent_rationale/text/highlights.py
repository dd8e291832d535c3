"""Marked spans of a text, as human annotators highlight them."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.columns import optional_column, parse_list
from latent_rationale.text.formats.row import Row

Spans = tuple[tuple[int, int], ...]
"""Spans of characters as pairs ``(start, end)``, where ``end`` is excluded; in order, without overlap."""

_WORD = re.compile(r"\S+")


def highlights(row: Row, name: str, text: str, unit: str) -> Spans | None:
    """Return the spans of characters that are marked in a text.

    Args:
        row: row of a table.
        name: column with a list of pairs ``[start, end]``, where ``end`` is excluded; in CSV and TSV the list is JSON.
        text: text of the row that the spans refer to.
        unit: key of ``UNITS``, what ``start`` and ``end`` count.

    Returns:
        The spans, possibly none, where overlapping ones are joined; None if the field is empty, so that it is unknown
        what is important.

    Raises:
        InputError: if the column holds something else, or a span is empty or reaches beyond the text.
    """
    value = optional_column(row, name)
    if value is None:
        return None
    pairs = parse_list(value)
    if pairs is None or not all(map(_is_pair, pairs)):
        raise InputError(f"column {name!r}: expected a list of pairs [start, end]", row.path, row.line)
    starts, ends = UNITS[unit](text)
    for start, end in pairs:
        if not 0 <= start < end <= len(ends):
            message = f"column {name!r}: [{start}, {end}] is no span of a text of {len(ends):,} {unit}s"
            raise InputError(message, row.path, row.line)
    return _joined((starts[start], ends[end - 1]) for start, end in pairs)


def marked(offsets: Sequence[tuple[int, int]], spans: Spans) -> list[bool]:
    """Tell for each word of a text whether one of its characters is in a span.

    Args:
        offsets: start and end of each word, in order.
        spans: spans of characters, in order.
    """
    found, current = [], 0
    for start, end in offsets:
        while current < len(spans) and spans[current][1] <= start:
            current += 1
        found.append(current < len(spans) and spans[current][0] < end)
    return found


def _characters(text: str) -> tuple[Sequence[int], Sequence[int]]:
    return range(len(text)), range(1, len(text) + 1)


def _words(text: str) -> tuple[Sequence[int], Sequence[int]]:
    offsets = [match.span() for match in _WORD.finditer(text)]
    return [start for start, _ in offsets], [end for _, end in offsets]


UNITS: dict[str, Callable[[str], tuple[Sequence[int], Sequence[int]]]] = {"character": _characters, "word": _words}
"""Functions from a text to the first and last offsets of what its highlights count: characters, or words between white
space."""


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(type(number) is int for number in pair)


def _joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Sort spans, and join those that overlap or touch."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)
