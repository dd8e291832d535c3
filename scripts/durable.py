"""Durable changes of files: complete after a power failure, and one sentence where the disk is full."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from itertools import count
from pathlib import Path

from latent_rationale.common.utils.errors import InputError

FOLDERS_CAN_BE_OPENED = os.name != "nt"
"""False on Windows, where only files can be synced."""


def beside(path: Path, suffix: str) -> Path:
    """Return the path in the same folder whose name has ``suffix`` appended."""
    return path.with_name(path.name + suffix)


def free_name(path: Path, suffix: str) -> Path:
    """Return a name beside a file that nothing has yet: ``NAME.old``, then ``NAME.2.old`` and so on."""
    names = (beside(path, suffix if number == 1 else f".{number}{suffix}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Context manager that names the file if it cannot be changed, for instance because the disk is full.

    Raises:
        InputError: if the block raises an OSError.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror or error})", path) from error


def make_way(path: Path) -> None:
    """Ensure that a file of this script can be written: a link is removed, and the file that it names stays as it is.

    Raises:
        InputError: if something else than a file, such as a folder, has the name.
    """
    if path.is_symlink():
        path.unlink()
    elif path.exists() and not path.is_file():
        raise InputError("is not a file; move it away and run the same command again", path)


def create(path: Path) -> FileIO:
    """Open a new file for writing in place of one that an earlier run left, without a buffer.

    A buffer would be written again when the file is closed, and the error of a full disk raised a second time.
    """
    make_way(path)
    path.unlink(missing_ok=True)
    return FileIO(path, "x")


def write(file: FileIO, content: bytes) -> None:
    """Write all bytes; one call of ``FileIO.write`` may write only a part of them."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    if path.is_dir():
        if FOLDERS_CAN_BE_OPENED:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return
    with path.open("rb+") as file:  # Windows flushes only files that are open for writing
        os.fsync(file.fileno())


def move(source: Path, target: Path) -> None:
    """Rename a file within its folder, after its content is on the disk.

    Raises:
        InputError: if the disk is full, or ``target`` cannot be replaced.
    """
    with changing(target):
        sync(source)
        source.replace(target)
        sync(target.parent)


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write files such that readers see complete ones only, and none is replaced if one of them cannot be written.

    Raises:
        InputError: if a file cannot be written.
    """
    # Names that the next run uses again, so that a killed run leaves nothing behind for long.
    temporary = {path: beside(path, ".tmp") for path in contents}
    try:
        for path, content in contents.items():
            with changing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                with create(temporary[path]) as file:
                    write(file, content)
        for path, complete in temporary.items():
            move(complete, path)
    finally:
        for incomplete in temporary.values():
            with suppress(OSError):  # the error of the block is the one to be reported
                incomplete.unlink()
