"""Forms of the data files, checked before a file is accepted whose digest is unknown."""

import csv
import gzip
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from latent_rationale.common.utils.errors import InputError

WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|\?xml|html|head|body)", re.IGNORECASE)
MAGIC = {".zip": (b"PK", "a usable zip archive"), ".gz": (b"\x1f\x8b", "a gzip file")}
"""First bytes of a file and its description, for each suffix of its name."""

LONGEST_LINE = 2**24
"""Bytes that are read at once: a longer line comes in pieces, so that a bomb of one line does not fill the memory."""


class WrongFileError(InputError):
    """Exception for a download that is complete and not the expected file, so that continuing it would be useless."""


@dataclass(frozen=True)
class Form:
    """Form of a file of rows.

    Attributes:
        rows: description of the rows, for error messages.
        fits: function of the first and the last row, which are not blank, that tells whether they have this form. A
            ValueError or csv.Error counts as no.
    """

    rows: str
    fits: Callable[[str, str], bool]


def matching(pattern: str, first: str = "") -> Callable[[str, str], bool]:
    """Return a test for rows that match a regular expression; ``first`` is that of the first row if it differs."""
    return lambda head, last: bool(re.fullmatch(first or pattern, head) and re.fullmatch(pattern, last))


def json_rows(*fields: str) -> Callable[[str, str], bool]:
    """Return a test for rows that are JSON objects with certain fields."""

    def has_fields(row: str) -> bool:
        value = json.loads(row)
        return isinstance(value, dict) and value.keys() >= set(fields)

    return lambda first, last: has_fields(first) and has_fields(last)


def csv_columns(*names: str) -> Callable[[str, str], bool]:
    """Return a test for a header with certain columns, in any case, and a last row with as many cells as the header."""

    def fits(first: str, last: str) -> bool:
        header, cells = csv.reader([first, last], strict=True)
        return {name.strip().lower() for name in header} >= set(names) and len(cells) == len(header)

    return fits


def vectors(dimension: int) -> Form:
    """Return the form of word vectors in GloVe's text format: a word and its numbers in each row."""

    def is_vector(row: str) -> bool:
        fields = row.split()  # some words of GloVe contain blanks
        return len(fields) > dimension and all(math.isfinite(float(number)) for number in fields[-dimension:])

    return Form(f"a word and {dimension} numbers", lambda first, last: is_vector(first) and is_vector(last))


TREES = Form("trees such as (3 (2 It) (4 works))", matching(r"\([0-4] .*\)"))
GLUE_TABLE = Form("the header sentence, label, then texts with 0 or 1", matching(r"[^\t]+\t[01]", "sentence\tlabel"))
REVIEWS = Form("scores, a tab and a text", matching(r"[\d.]+(?: [\d.]+)*\t.*\S.*"))
ANNOTATIONS = Form("JSON objects with x, y and spans of five aspects", json_rows("x", "y", "0", "1", "2", "3", "4"))
PAIRS = Form("JSON objects with gold_label, sentence1 and sentence2", json_rows("gold_label", "sentence1", "sentence2"))
HIGHLIGHTS = Form(
    "a CSV header with gold_label, Sentence1 and Sentence2, then rows of as many cells",
    csv_columns("gold_label", "sentence1", "sentence2"),
)


def check_beginning(head: bytes, name: str, origin: str) -> None:
    """Check the first bytes of a file, before the rest of it is downloaded.

    Args:
        head: some of the first bytes; none if the file is empty.
        name: the name of the file, whose suffix tells what is expected.
        origin: the address that an error names.

    Raises:
        WrongFileError: if the file is empty, a web page, or no archive in spite of its name.
    """
    magic, expected = MAGIC.get(PurePosixPath(name).suffix, (b"", "the expected file"))
    if not head:
        raise WrongFileError(f"an empty file, not {expected}", origin)
    if WEB_PAGE.match(head):
        raise WrongFileError(f"a web page, such as a login or an error, not {expected}", origin)
    if head[: len(magic)] != magic[: len(head)]:
        raise WrongFileError(f"not {expected}", origin)


def check_form(path: Path, name: str, form: Form | None, largest: int, origin: str) -> None:
    """Check a complete file: its beginning, all of its compressed content, and its first and last rows.

    Args:
        path: the file.
        name: its final name, which ends in .gz if it is compressed.
        form: the form of its rows; None accepts any.
        largest: the size that the uncompressed file may have at most, in bytes.
        origin: the address that an error names.

    Raises:
        WrongFileError: if the file does not have the expected form.
    """
    with path.open("rb") as file:
        check_beginning(file.read(256), name, origin)
    try:
        first, last = first_and_last(lines_of(path, name, largest, origin))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise WrongFileError(f"{name}: damaged gzip file ({error})", origin) from error
    if form and not has_form(form, first, last):
        raise WrongFileError(f"{name}: expected rows of this form: {form.rows}; the file was rejected", origin)


def has_form(form: Form, first: bytes, last: bytes) -> bool:
    """Return whether the first and the last row of a file have a form."""
    try:
        return form.fits(first.decode("utf-8-sig"), last.decode("utf-8-sig"))
    except (ValueError, csv.Error, RecursionError):  # not UTF-8, JSON or a number; JSON nested too deeply
        return False


def lines_of(path: Path, name: str, largest: int, origin: str) -> Iterator[bytes]:
    """Yield the lines of a file that are not blank, without their line breaks.

    Raises:
        WrongFileError: if the uncompressed file is larger than ``largest``.
    """
    size = 0
    opened = gzip.open if name.endswith(".gz") else open
    with opened(path, "rb") as file:
        for line in iter(partial(cast(BinaryIO, file).readline, LONGEST_LINE), b""):
            size += len(line)
            if size > largest:
                raise WrongFileError(f"{name}: larger than {largest:,} bytes when uncompressed", origin)
            if row := line.rstrip(b"\r\n"):
                yield row


def first_and_last(lines: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Return the first and the last of all lines; empty ones if there are none."""
    first = last = next(lines, b"")
    for line in lines:
        last = line
    return first, last
