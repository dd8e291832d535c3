"""Finding and opening what the user has."""

import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.progress import track

DATA_VARIABLE = "LATENT_RATIONALE_DATA"
"""The environment variable that names a folder with one folder of data per task."""


def data_roots() -> list[Path]:
    """Where data is looked for: the folder that the environment names, then ``data``."""
    named = os.environ.get(DATA_VARIABLE)
    return ([Path(named)] if named else []) + [Path("data")]


def find_data(task: str) -> Path:
    """The folder with a task's data.

    Raises:
        InputError: if there is none.
    """
    candidates = [root / task for root in data_roots()]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise InputError(
        f"no data for {task}: looked for {_list(candidates)}; "
        f"run scripts/download_data.py {task}, or set {DATA_VARIABLE} or the path options"
    )


def plain_or_zipped(path: Path) -> Path:
    """The file of that name, or with .gz behind it where only that is there."""
    zipped = path.with_name(path.name + ".gz")
    return zipped if zipped.is_file() and not path.is_file() else path


def find_vectors(task: str, *names: str) -> Path:
    """A task's word vectors: under one of ``names`` relative to the roots, else ``vectors/*.<task>.txt.gz``.

    Raises:
        InputError: if there are none.
    """
    for root in data_roots():
        for path in (plain_or_zipped(root / name) for name in names):
            if path.is_file():
                return path
    for root in data_roots():
        for path in sorted((root / "vectors").glob(f"*.{task}.txt.gz")):
            return path
    places = [root / name for root in data_roots() for name in (*names, f"vectors/*.{task}.txt.gz")]
    raise InputError(f"no word vectors for {task}: looked for {_list(places)}; name a file, or none to learn them")


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each line of a UTF-8 file, plain or .gz, without its line break.

    Raises:
        InputError: if the file is missing, cannot be read, or is not UTF-8 or not gzip.
    """
    number = 0
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="\n") as file:  # a byte order mark is no text
            for number, line in enumerate(track(file, "line", what=f"reading {path.name}"), start=1):
                yield number, line.rstrip("\r\n")
    except FileNotFoundError as error:
        raise InputError("no such file", path) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", path, number + 1) from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be read ({error})", path) from error


def read_filled_lines(path: Path, kind: str) -> Iterator[tuple[int, str]]:
    """The same without lines that have nothing in them.

    Raises:
        InputError: likewise, and if there are none; ``kind`` says of what.
    """
    empty = True
    for number, line in read_lines(path):
        if line.strip():
            empty = False
            yield number, line
    if empty:
        raise InputError(f"holds no {kind}", path)


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        InputError: if it is missing or malformed.
    """
    return parse_json("\n".join(line for _, line in read_lines(path)), path)


def parse_json(text: str, path: Path, line: int = 1) -> Any:
    """The value of a piece of JSON that begins in this line of a file.

    Raises:
        InputError: if it is malformed.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg})", path, line + error.lineno - 1) from error
    except (ValueError, RecursionError) as error:  # numbers too long, lists in lists in lists
        raise InputError(f"not JSON ({error})", path, line) from error


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader, or a kill, finds the old content or the new one and nothing between.

    It is zipped where its name ends in .gz.
    """
    temporary = path.with_name(path.name + ".tmp")
    content = text.encode()
    temporary.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    temporary.replace(path)


def write_json(path: Path, values: Mapping[str, object]) -> None:
    """Write a dictionary as indented JSON, atomically."""
    write_atomically(path, json.dumps(values, indent=2) + "\n")


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """The name of a file while it grows, which ends in .part. The file gets its own name once it is whole.

    Where it never is, because of an error or the user, an older one stays as it was, and what there is of the new one
    is kept as well, for the next run.
    """
    if path.exists():
        LOGGER.info("note: %s is there, and will be replaced at the end", path)
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
    except BaseException:
        if part.exists() and part.stat().st_size > 0:
            LOGGER.info("what was found until then is in %s, from which the same command goes on", part)
        else:
            part.unlink(missing_ok=True)
        raise
    part.replace(path)


def writable_folder(folder: Path) -> Path:
    """The folder, made where there is none. To be asked for before the work whose results it is to hold.

    Raises:
        InputError: if nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot be written to ({error.strerror})", folder) from error
    return folder


def _list(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))
