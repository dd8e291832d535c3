"""Location and reading of files."""

import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import AbsentDataError, InputError
from latent_rationale.common.utils.progress import track

DATA_VARIABLE = "LATENT_RATIONALE_DATA"
"""Name of the environment variable that holds the data folder, which has one subfolder per task."""

_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def data_roots() -> list[Path]:
    """Return the folders that are searched for data: ``$LATENT_RATIONALE_DATA`` if it is set, then ``data``."""
    root = os.environ.get(DATA_VARIABLE)
    return ([Path(root)] if root else []) + [Path("data")]


def find_data(task: str) -> Path:
    """Return the folder that holds a task's data.

    Raises:
        InputError: if no data root has such a folder.
    """
    candidates = [root / task for root in data_roots()]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise InputError(
        f"no data for {task}: looked for {_comma_separated(candidates)}; "
        f"run scripts/download_data.py {task}, or set {DATA_VARIABLE} or the path options"
    )


def plain_or_zipped(path: Path) -> Path:
    """Return ``path``, or ``path`` with .gz appended if only the compressed file exists."""
    zipped = path.with_name(path.name + ".gz")
    return zipped if zipped.is_file() and not path.is_file() else path


def find_vectors(task: str, *names: str) -> Path:
    """Return the file with a task's word vectors.

    Args:
        task: name of the task.
        names: file names relative to the data roots, tried first; then ``vectors/*.<task>.txt.gz`` is searched.

    Raises:
        InputError: if no such file exists.
    """
    # A file under one of the given names wins over any file in vectors/, whichever root either lies in.
    for root in data_roots():
        for path in (plain_or_zipped(root / name) for name in names):
            if path.is_file():
                return path
    for root in data_roots():
        for path in sorted((root / "vectors").glob(f"*.{task}.txt.gz")):
            return path
    candidates = [root / name for root in data_roots() for name in (*names, f"vectors/*.{task}.txt.gz")]
    raise InputError(
        f"no word vectors for {task}: looked for {_comma_separated(candidates)}; "
        "pass a file, or none to learn the embeddings from scratch"
    )


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and the text of each line of a UTF-8 file, plain or .gz, without its line break.

    Raises:
        AbsentDataError: if the file is missing.
        InputError: if the file is unreadable, is not UTF-8, holds a NUL character, has carriage returns alone for line
            breaks, or is not valid gzip in spite of its name.
    """
    number = 0
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        # Lines are decoded one by one: a text file would decode them in blocks, and an error could not be located. They
        # end at line feeds alone, because words of real data hold characters at which str.splitlines() splits.
        with opened(path, "rb") as file:
            for number, line in enumerate(track(file, "line", what=f"reading {path.name}"), start=1):
                _check_line(line, path, number)
                # A byte order mark would become part of the first word.
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except FileNotFoundError as error:
        raise AbsentDataError("no such file", path) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", path, number) from error
    except (OSError, EOFError, zlib.error) as error:
        # gzip raises OSError for a wrong header or checksum, EOFError for a truncated file, and zlib.error for
        # damaged content.
        raise InputError(f"cannot be read ({error})", path) from error


def _check_line(line: bytes, path: Path, number: int) -> None:
    """Refuse a line that shows that a file is not in the expected form, although it can be decoded."""
    if b"\0" in line:
        raise InputError("holds the character NUL, which is no text; a file in UTF-16 must be converted", path, number)
    if number == 1 and not line.endswith(b"\n") and b"\r" in line.rstrip(b"\r"):
        raise InputError("lines end in carriage returns alone; convert them to line feeds", path, number)


def read_filled_lines(path: Path, kind: str) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line that is not blank.

    Args:
        path: UTF-8 file, plain or .gz.
        kind: plural noun for the content of the lines, used in the error message.

    Raises:
        InputError: if the file cannot be read (see :func:`read_lines`) or has only blank lines.
    """
    empty = True
    for number, line in read_lines(path):
        if line.strip():
            empty = False
            yield number, line
    if empty:
        raise InputError(f"holds no {kind}", path)


def read_json(path: Path) -> Any:
    """Read the value of a JSON file.

    Raises:
        InputError: if the file is missing or malformed.
    """
    return parse_json("\n".join(line for _, line in read_lines(path)), path)


def parse_json(text: str, path: Path, line: int = 1) -> Any:
    """Parse a JSON value.

    Args:
        text: JSON, possibly of several lines.
        path: file that ``text`` comes from, named in error messages.
        line: number of the line at which ``text`` begins.

    Raises:
        InputError: if ``text`` is malformed or one of its strings cannot be encoded as UTF-8.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg})", path, line + error.lineno - 1) from error
    except (ValueError, RecursionError) as error:  # integers with too many digits, lists nested too deeply
        raise InputError(f"not JSON ({error})", path, line) from error
    if "\\u" in text:
        _refuse_lone_surrogates(text, path, line)
    return value


def _refuse_lone_surrogates(text: str, path: Path, line: int) -> None:
    r"""Refuse JSON with half of a surrogate pair, such as ``"\ud83d"``.

    JSON permits it and Python reads it, but it is no character: writing it to any file fails, at worst after the
    training.
    """
    # A JSON string cannot span lines, so each line is searched by itself to obtain the number for the message.
    for number, row in enumerate(text.split("\n"), start=line):
        for literal in _JSON_STRING.findall(row):
            try:
                json.loads(literal).encode()
            except UnicodeEncodeError as error:
                escape = f"\\u{ord(error.object[error.start]):04x}"
                raise InputError(
                    f"half of a surrogate pair ({escape}) in a string, which is no character; correct or remove it",
                    path,
                    number,
                ) from error


def _comma_separated(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))
