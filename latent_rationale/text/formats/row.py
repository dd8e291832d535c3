"""Rows of a table, and a table that is open for reading."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from latent_rationale.common.utils.errors import InputError


class Row(NamedTuple):
    """Row of a table, with its place for error messages.

    Attributes:
        values: value of each column. In CSV and TSV all values are strings.
        path: the file.
        line: number of the line on which the row begins, from 1; in Parquet the number of the row.
        is_loose: whether the row may lack columns that other rows of the table have, as in JSON lines.
    """

    values: dict[str, Any]
    path: Path
    line: int
    is_loose: bool = False


class MissingColumnError(InputError):
    """A column that no row of a table has, so that skipping rows is no remedy."""


class Table(NamedTuple):
    """Table that is open for reading.

    Attributes:
        description: format of the file for the log, such as ``CSV with semicolons, UTF-8``.
        columns: names of the columns.
        rows: rows, and errors of rows that cannot be read although later ones can.
        fixed: False if rows may have other columns, as in JSON lines.
    """

    description: str
    columns: tuple[str, ...]
    rows: Iterator[Row | InputError]
    fixed: bool = True


def column_names(header: Sequence[str], path: Path, line: int | None = None) -> tuple[str, ...]:
    """Return the names of a header's columns, where columns without a name are named by their position.

    Raises:
        InputError: if two columns have the same name.
    """
    names = tuple(name.strip() or f"column {position}" for position, name in enumerate(header, start=1))
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise InputError(f"{count} columns are named {name!r}", path, line)
    return names
