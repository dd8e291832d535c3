"""CSV and TSV, with the delimiter and the use of quotes detected."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.formats.encoding import damage_of, open_text
from latent_rationale.text.formats.row import Row, Table, column_names

LONGEST_FIELD = 1 << 22
"""Maximum number of characters of a field. A quote that is never closed is noticed after as many."""

_SAMPLE_LINES, _SAMPLE_CHARACTERS = 1000, 1 << 20

_DELIMITERS = {",": "CSV with commas", ";": "CSV with semicolons", "\t": "TSV", "|": "CSV with pipes"}
_DELIMITERS["\x1f"] = "one column"  # whose texts may contain all of the others

_QUOTES: dict[str, dict[str, Any]] = {
    "": {},
    " and blanks": {"skipinitialspace": True},
    ", quotes escaped by backslashes": {"doublequote": False, "escapechar": "\\"},
    ", quotes are part of the text": {"quoting": csv.QUOTE_NONE},
}

Record = tuple[int, list[str] | str]
"""Number of a record's first line, and its fields, or what is wrong with it."""


class Dialect(NamedTuple):
    """Use of delimiters and quotes in a file: a description, the delimiter, and the options of ``csv.reader``."""

    description: str
    delimiter: str
    options: dict[str, Any]


@contextmanager
def open_delimited(path: Path) -> Iterator[Table]:
    """Open a CSV or TSV file whose first row is a header.

    Raises:
        InputError: if the file cannot be read or its header is malformed.
    """
    with open_text(path) as text:
        sample, is_whole = _sample(text.lines)
        dialect = detect_dialect(sample, is_whole, prefer_tabs=".tsv" in path.suffixes)
        records = _filled(_records(_Lines(chain(sample, text.lines), text.encoding), dialect))
        columns = _header(records, path)
        description = dialect.description if len(columns) > 1 else "one column"
        yield Table(f"{description}, {text.encoding}", columns, _rows(records, columns, path))


def _header(records: Iterable[Record], path: Path) -> tuple[str, ...]:
    for line, fields in records:
        if isinstance(fields, str):
            raise InputError(fields, path, line)
        if any(map(str.strip, fields)):
            return column_names(fields, path, line)
    raise InputError("has only blank lines", path)


def detect_dialect(sample: Sequence[str], is_whole: bool = True, prefer_tabs: bool = False) -> Dialect:
    """Return the dialect under which most rows of a sample have as many fields as the header.

    Args:
        sample: first lines of a file.
        is_whole: whether they are all of its lines. Otherwise the last record may be incomplete.
        prefer_tabs: whether tabs are chosen among dialects that explain the sample equally well.
    """
    delimiters = sorted(_DELIMITERS, key=lambda delimiter: prefer_tabs and delimiter != "\t")
    backslashes = any('\\"' in line for line in sample)
    candidates = [
        Dialect(_DELIMITERS[delimiter] + quotes, delimiter, {"delimiter": delimiter, **options})
        for quotes, options in _QUOTES.items()
        for delimiter in delimiters
        if backslashes or "escapechar" not in options
    ]
    return max(candidates, key=lambda dialect: _consistency(sample, is_whole, dialect))


def _consistency(sample: Sequence[str], is_whole: bool, dialect: Dialect) -> tuple[bool, float, int]:
    """Rate a dialect: whether there are two columns at least, number of rows like the header, number of columns."""
    records = [fields for _, fields in _filled(_records(_Lines(sample), dialect))]
    if not is_whole and len(records) > 1:
        records.pop()
    if not records or isinstance(records[0], str):
        return False, 0.0, 0
    width = len(records[0])
    agreeing = sum(not isinstance(fields, str) and len(fields) == width for fields in records)
    # Between other delimiters than tabs, a few quotes that are not balanced are errors rather than a dialect.
    is_doubtful = "quoting" in dialect.options and dialect.delimiter != "\t"
    return width > 1, agreeing / 2 if is_doubtful else agreeing, width


def _sample(lines: Iterator[str]) -> tuple[list[str], bool]:
    """Take the first lines of a file; return them, and whether they are all."""
    sample: list[str] = []
    characters = 0
    while len(sample) < _SAMPLE_LINES and characters < _SAMPLE_CHARACTERS:
        line = next(lines, None)
        if line is None:
            return sample, True
        sample.append(line)
        characters += len(line)
    return sample, False


class _Lines:
    """Lines of a file, with a way back to the second line of the current record.

    Args:
        lines: the lines with their line breaks.
        encoding: name of the file's encoding.
    """

    def __init__(self, lines: Iterable[str], encoding: str = ""):
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self._encoding = encoding
        self.number = 1
        self.damage: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._record.append(line)
        self.damage = self.damage or damage_of(line, self._encoding)
        return line

    def begin_record(self) -> int:
        """Begin a record at the next line, and return the number of that line."""
        self.number += len(self._record)
        self._record.clear()
        self.damage = None
        return self.number

    def give_up_record(self) -> str:
        """End the record after its first line, and return that line."""
        self._again.extendleft(reversed(self._record[1:]))
        del self._record[1:]
        return self._record[0]


def _records(lines: _Lines, dialect: Dialect) -> Iterator[Record]:
    # The limit applies to the whole process, so that it is only ever raised.
    csv.field_size_limit(max(LONGEST_FIELD, csv.field_size_limit()))
    reader = csv.reader(lines, strict=True, **dialect.options)
    while True:
        number = lines.begin_record()
        try:
            fields: list[str] | str = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # A quote that is never closed would otherwise take the following rows with it.
            line = lines.give_up_record()
            # Many programs write tabs without any quoting, so that a quote is a part of the text.
            fields = line.rstrip("\r\n").split("\t") if dialect.delimiter == "\t" else _explained(error)
        yield number, lines.damage or fields


def _explained(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message or "field larger" in message:
        return "a quote opens in this row and is never closed"
    return f"quotes in this row are not balanced or not doubled ({message})"


def _filled(records: Iterable[Record]) -> Iterator[Record]:
    """Leave out blank lines, and rows of delimiters only, as spreadsheets write them."""
    for number, fields in records:
        if fields and (isinstance(fields, str) or len(fields) == 1 or any(map(str.strip, fields))):
            yield number, fields


def _rows(records: Iterable[Record], columns: tuple[str, ...], path: Path) -> Iterator[Row | InputError]:
    for line, fields in records:
        if isinstance(fields, str):
            yield InputError(fields, path, line)
        elif len(fields) == len(columns):
            yield Row(dict(zip(columns, fields, strict=True)), path, line)
        elif any(map(str.strip, fields)):
            yield InputError(f"expected {len(columns)} fields, got {len(fields)}", path, line)
