"""JSON lines: one object per line."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import parse_json
from latent_rationale.text.formats.encoding import Text, damage_of, open_text
from latent_rationale.text.formats.row import Row, Table


@contextmanager
def open_json_lines(path: Path) -> Iterator[Table]:
    """Open a file with one JSON object per line. Its rows may have different keys.

    Raises:
        InputError: if the file cannot be read or has only blank lines.
    """
    with open_text(path) as text:
        rows = _rows(text, path)
        first = next(rows, None)
        if first is None:
            raise InputError("has only blank lines", path)
        columns = tuple(first.values) if isinstance(first, Row) else ()
        yield Table(f"JSON lines, {text.encoding}", columns, chain([first], rows), fixed=False)


def _rows(text: Text, path: Path) -> Iterator[Row | InputError]:
    for number, line in enumerate(text.lines, start=1):
        if line.strip():
            yield _row(line, text.encoding, path, number)


def _row(line: str, encoding: str, path: Path, number: int) -> Row | InputError:
    if damage := damage_of(line, encoding):
        return InputError(damage, path, number)
    if not line.lstrip().startswith("{"):
        return InputError("expected a JSON object on each line", path, number)
    try:
        return Row(parse_json(line.rstrip(), path, number), path, number, is_loose=True)
    except InputError as error:
        return error
