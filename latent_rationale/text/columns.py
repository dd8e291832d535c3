"""Columns of a table's rows: texts, classes, sets of classes, and numbers."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.formats.row import MissingColumnError, Row

T = TypeVar("T")

MANY_CLASSES = 20
"""Number of classes above which they are compared with the number of rows."""

_WHOLE = re.compile(r"([+-]?\d+)\.0+")
_FLAGS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def column(row: Row, name: str) -> Any:
    """Return the value of a column.

    Raises:
        MissingColumnError: if the table has no such column; the message lists those that it has.
        InputError: if it is missing in a row of JSON lines, where other rows may have it.
    """
    try:
        return row.values[name]
    except KeyError:
        message = f"there is no column {name!r}; the columns are {', '.join(row.values)}"
        if row.is_loose:
            raise InputError(message, row.path, row.line) from None
        raise MissingColumnError(message, row.path) from None


def optional_column(row: Row, name: str) -> Any | None:
    """Return the value of a column that may be empty, and that a row of JSON lines may lack; None in these cases.

    Raises:
        InputError: if the table has no such column.
    """
    value = row.values.get(name) if row.is_loose else column(row, name)
    return None if _is_empty(value) else value


def texts(row: Row, names: Sequence[str]) -> tuple[str, ...]:
    """Return the texts of a row, one per column, as they stand in the file.

    Raises:
        InputError: if one of them is empty, blank or not a string.
    """
    return tuple(_text(row, name) for name in names)


def class_label(row: Row, name: str) -> str | None:
    """Return the class in a column, without white space around it; None if the field is empty.

    Numbers keep their spelling, except that a fraction of zero is dropped: ``4``, ``4.0`` and the JSON number ``4`` are
    one class, because programs write whole numbers in either way; ``04`` is another.

    Raises:
        InputError: if the value is not a string, a number or a truth value, or is not a number by IEEE 754 (NaN).
    """
    value = optional_column(row, name)
    return None if value is None else _class(value, row, name)


def label_set(row: Row, names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the classes that a row belongs to, possibly none.

    They are given by one column with a JSON list of classes, or by one column of 0 and 1 per class, named after it.

    Returns:
        The classes in the order of the list or of the columns; None if all fields are empty.

    Raises:
        InputError: if the columns hold something else, or some of them are empty.
    """
    return _listed_classes(row, names[0]) if len(names) == 1 else _flagged_classes(row, names)


def number(row: Row, name: str) -> float | None:
    """Return the finite number in a column; None if the field is empty.

    Raises:
        InputError: if the value is not a finite number.
    """
    value = optional_column(row, name)
    if value is None:
        return None
    try:
        # float() also reads digits with underscores, and truth values.
        found = math.nan if isinstance(value, bool) or "_" in str(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"column {name!r}: expected a finite number, got {_shown(value)}", row.path, row.line)
    return found


def labelled(examples: Iterable[T], label_of: Callable[[T], Any]) -> Iterator[T]:
    """Yield the examples that have a label, and tell in a note how many have none.

    Args:
        examples: the examples.
        label_of: function that returns an example's label, or None.
    """
    total = unlabelled = 0
    for example in examples:
        total += 1
        if label_of(example) is None:
            unlabelled += 1
        else:
            yield example
    if unlabelled:
        LOGGER.info("note: left out %s of %s rows, which have no label", f"{unlabelled:,}", f"{total:,}")


def discover_classes(counts: Mapping[str, int], name: str) -> tuple[str, ...]:
    """Return the classes of a column in their natural order: numbers by value, ``class 2`` before ``class 10``.

    Args:
        counts: number of rows of each class.
        name: name of the column for messages.

    Raises:
        InputError: if there are fewer than two classes, or nearly as many as rows.
    """
    rows = sum(counts.values())
    if len(counts) < 2:
        only = f"the class {next(iter(counts))!r} only" if counts else "no labels"
        raise InputError(f"column {name!r} has {only}; a classifier needs two classes at least")
    numbers = all(map(_is_number, counts))
    each_alone = len(counts) == rows > 2
    if each_alone or (len(counts) > MANY_CLASSES and 2 * len(counts) > rows):
        advice = "to learn numbers, set --regression" if numbers else "it may be the wrong column"
        raise InputError(f"column {name!r} has {len(counts):,} classes in {rows:,} rows; {advice}")
    return tuple(sorted(counts, key=(lambda label: (float(label), label)) if numbers else _natural_key))


def parse_list(value: Any) -> list[Any] | None:
    """Return a list that a field holds, in JSON if the field is a string; None if it holds something else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, list) else None


def _text(row: Row, name: str) -> str:
    value = column(row, name)
    if _is_empty(value):
        raise InputError(f"column {name!r}: the text is empty", row.path, row.line)
    if not isinstance(value, str):
        raise InputError(f"column {name!r}: expected a text, got {_shown(value)}", row.path, row.line)
    return value


def _class(value: Any, row: Row, name: str) -> str:
    if not isinstance(value, str | int | float) or value != value:
        raise InputError(f"column {name!r}: expected a class, got {_shown(value)}", row.path, row.line)
    label = str(value).strip()
    whole = _WHOLE.fullmatch(label)
    return whole[1] if whole else label


def _listed_classes(row: Row, name: str) -> tuple[str, ...] | None:
    value = optional_column(row, name)
    if value is None:
        return None
    classes = parse_list(value)
    if classes is None:
        raise InputError(f"column {name!r}: expected a JSON list of classes, got {_shown(value)}", row.path, row.line)
    if any(map(_is_empty, classes)):
        raise InputError(f"column {name!r}: an empty class in {_shown(value)}", row.path, row.line)
    return tuple(dict.fromkeys(_class(item, row, name) for item in classes))


def _flagged_classes(row: Row, names: Sequence[str]) -> tuple[str, ...] | None:
    values = {name: optional_column(row, name) for name in names}
    empty = [name for name, value in values.items() if value is None]
    if len(empty) == len(names):
        return None
    if empty:
        raise InputError(f"column {empty[0]!r} is empty, but not all of the label columns are", row.path, row.line)
    return tuple(name for name, value in values.items() if _flag(value, row, name))


def _flag(value: Any, row: Row, name: str) -> bool:
    try:
        return _FLAGS[str(value).strip().lower()]
    except KeyError:
        raise InputError(f"column {name!r}: expected 0 or 1, got {_shown(value)}", row.path, row.line) from None


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _natural_key(text: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Return a key by which digits within a text are compared as numbers, and letters without regard to case."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text.casefold())
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts], text


def _shown(value: Any) -> str:
    """Return a value for a message, abridged."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
