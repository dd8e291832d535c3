"""Reading of the rows of one or several tables, one by one."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.progress import track
from latent_rationale.text.formats import open_table
from latent_rationale.text.formats.row import MissingColumnError, Row, Table

__all__ = ["Row", "read_examples", "read_rows"]

T = TypeVar("T")

_SHOWN_COLUMNS = 12


def read_rows(paths: Sequence[Path], skip_bad_rows: bool = False) -> Iterator[Row]:
    """Yield the rows of tables; only one is in memory at a time. See :func:`read_examples`."""
    return read_examples(paths, lambda row: row, skip_bad_rows)


def read_examples(paths: Sequence[Path], convert: Callable[[Row], T], skip_bad_rows: bool = False) -> Iterator[T]:
    """Yield what each row of tables is converted to. The format of each file is told in a line of the log.

    Args:
        paths: files with the same columns: CSV, TSV, JSON lines or Parquet, plain or .gz; or ERASER folders.
        convert: function that raises ``InputError`` if the row's values cannot be used.
        skip_bad_rows: whether rows that cannot be read or converted are left out and counted in a note.

    Raises:
        InputError: if a file cannot be read or has other columns than the first, if no row is left, or, without
            ``skip_bad_rows``, if a row cannot be read or converted.
    """
    bad_rows = _BadRows(skip_bad_rows)
    columns: dict[Path, tuple[str, ...]] = {}
    for path in paths:
        with open_table(path) as table:
            LOGGER.info("reading %s: %s, %s", path.name, table.description, _listed(table.columns))
            if table.fixed:
                columns[path] = table.columns
                _check_columns(columns, path)
            yield from _converted(table, path, convert, bad_rows)
    bad_rows.report()


def _converted(table: Table, path: Path, convert: Callable[[Row], T], bad_rows: "_BadRows") -> Iterator[T]:
    read, first_error = 0, None
    for row in track(table.rows, "row", what=f"reading {path.name}"):
        try:
            if isinstance(row, InputError):
                raise row
            example = convert(row)
        except MissingColumnError:
            raise
        except InputError as error:
            bad_rows.add(error)
            first_error = first_error or error
        else:
            read += 1
            yield example
    if first_error is not None and not read:
        raise InputError(f"all rows are bad; the first is {first_error}")
    if not read:
        raise InputError("has a header but no rows", path)


class _BadRows:
    """Rows that cannot be used.

    Args:
        skip: whether they are counted; otherwise the first is raised.
    """

    def __init__(self, skip: bool):
        self._skip = skip
        self._count = 0
        self._first: InputError | None = None

    def add(self, error: InputError) -> None:
        """Count a row, or raise its error."""
        if not self._skip:
            raise error
        self._count += 1
        self._first = self._first or error

    def report(self) -> None:
        """Log the number of rows that were left out."""
        if self._first is not None:
            rows = "row" if self._count == 1 else "rows"
            LOGGER.info("note: left out %d bad %s; the first is %s", self._count, rows, self._first)


def _check_columns(columns: dict[Path, tuple[str, ...]], path: Path) -> None:
    """Refuse a file whose columns are not those of the first file; their order may differ."""
    first, expected = next(iter(columns.items()))
    missing = [name for name in expected if name not in columns[path]]
    added = [name for name in columns[path] if name not in expected]
    if missing or added:
        lacks = f"lacks {', '.join(missing)}" if missing else ""
        adds = f"adds {', '.join(added)}" if added else ""
        raise InputError(f"has other columns than {first}: {' and '.join(filter(None, (lacks, adds)))}", path)


def _listed(columns: tuple[str, ...]) -> str:
    more = len(columns) - _SHOWN_COLUMNS
    return f"columns {', '.join(columns[:_SHOWN_COLUMNS])}" + (f" and {more} more" if more > 0 else "")
