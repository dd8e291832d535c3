"""Durable writing: atomic replacement of files, files that are written over a long time, and locks of folders."""

import glob
import gzip
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError

LOCK = ".lock"
"""Name of the file that marks a folder as in use; it holds the process id and the host of the user."""


_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
"""Names of temporary files, see ``replacing``."""


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Context manager that yields a new file, which replaces ``path`` once the block has ended.

    Readers see the old content or the new content, never a part of it, and so does the disk after a power failure. If
    the block raises an exception, an existing file at ``path`` stays as it was.

    Raises:
        InputError: if the file cannot be written, for example because the disk is full.
    """
    # In the same folder, because only within a file system a file is renamed in one go. The name cannot be foreseen and
    # the file is created exclusively ("x"), so that no link of somebody else's can redirect what is written.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # torch raises RuntimeError if a disk is full
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise InputError(f"cannot be written ({reason})", path) from error
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Write the entries of a folder to the disk, where the system can (POSIX) and the file system supports it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file in one go (see :func:`replacing`), compressed if its name ends in .gz.

    Raises:
        InputError: if the file cannot be written.
    """
    content = text.encode()
    with replacing(path) as file:
        # Without the time of writing in its header, a gzip file depends on its content only.
        file.write(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def write_json(path: Path, values: Mapping[str, object]) -> None:
    """Write a dictionary as indented JSON in one go.

    Raises:
        InputError: if the file cannot be written.
    """
    write_atomically(path, json.dumps(values, indent=2) + "\n")


def part_of(path: Path) -> Path:
    """Return the name of a file while it is incomplete; see ``unfinished``."""
    return path.with_name(f"{path.name}.part")


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Context manager for a file that is written over a long time, under a temporary name until it is complete.

    Yields the temporary name, which ends in .part; on success that file is renamed to ``path``. If the block raises
    an exception or is interrupted, an existing file at ``path`` stays as it was and the incomplete file is kept for
    the next run, unless it is empty.
    """
    part = part_of(path)
    try:
        yield part
    except BaseException:  # KeyboardInterrupt too
        if part.exists() and part.stat().st_size > 0:
            LOGGER.info("the results so far are in %s; run the same command again to continue from them", part)
        else:
            part.unlink(missing_ok=True)
        raise
    part.replace(path)
    _sync_folder(path.parent)


def writable_folder(folder: Path) -> Path:
    """Return the folder, created if necessary, after a check that files can be written there.

    Call it before a long computation, so that its results are not lost.

    Raises:
        InputError: if the folder cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Permission bits do not tell for sure (root, read-only mounts, quotas), so a file is created.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot be written to ({error.strerror})", folder) from error
    return folder


def refuse_existing(outputs: Iterable[Path], overwrite: bool) -> list[Path]:
    """Check that a command replaces no files unless the user set ``--overwrite``.

    Args:
        outputs: files that the command will write.
        overwrite: value of ``--overwrite``.

    Returns:
        Those that exist.

    Raises:
        InputError: if there are any and ``overwrite`` is false.
    """
    existing = [path for path in outputs if path.exists() or path.is_symlink()]
    if existing and not overwrite:
        raise InputError(
            f"would replace {names_of(existing)}; choose another folder with --save-path, or set --overwrite"
        )
    return existing


def names_of(paths: Sequence[Path], most: int = 3) -> str:
    """Return some paths for a message: the first few, and the number of the others."""
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(map(str, paths[:most])) + more


@contextmanager
def locked(folder: Path, file: str = "") -> Iterator[None]:
    """Context manager in which no other process can lock the same folder, or the same file in it.

    The lock of a process that was killed counts no longer, and its temporary files are removed.

    Args:
        folder: an existing folder.
        file: name of a file; by default the folder is locked. Neither lock includes the other.

    Raises:
        InputError: if another process holds the lock, with its id and host.
    """
    # Imported here, because -h does not need it.
    from filelock import SoftFileLock, Timeout

    path = folder / (f".{file}{LOCK}" if file else LOCK)
    lock = SoftFileLock(path, timeout=0)
    if _was_left_empty(path):
        path.unlink(missing_ok=True)
    try:
        lock.acquire()
    except Timeout as error:
        message = f"is in use by {_owner_of(path)}; wait for it, or remove {path.name} if it no longer runs"
        raise InputError(message, folder / file) from error
    try:
        for temporary in folder.glob(f".{glob.escape(file) or '*'}.*.tmp"):
            if _TEMPORARY.fullmatch(temporary.name):
                temporary.unlink()
        yield
    finally:
        lock.release()


def _was_left_empty(lock: Path) -> bool:
    """Tell whether a process was killed right after it had created its lock, before it wrote its id.

    Waits for a second if the lock is empty.
    """
    try:
        if lock.stat().st_size:
            return False
        time.sleep(1)
        return lock.stat().st_size == 0
    except FileNotFoundError:
        return False


def _owner_of(lock: Path) -> str:
    """Describe the process that holds a lock, whose file has its id and its host in the first two lines."""
    with suppress(OSError, ValueError):
        process, host, *_ = lock.read_text(encoding="utf-8").splitlines()
        return f"process {process} on {host}"
    return "another process"
