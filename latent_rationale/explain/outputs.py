"""Files that the commands write: nothing is replaced unasked, and no two commands write a file at the same time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.writing import locked, writable_folder


def refuse_existing(outputs: Sequence[Path], overwrite: bool) -> None:
    """Check that a command replaces no files unless the user set ``--overwrite``.

    Args:
        outputs: files that the command will write.
        overwrite: value of ``--overwrite``.

    Raises:
        InputError: if one of the files exists, and ``overwrite`` is false.
    """
    existing = _existing(outputs)
    if existing and not overwrite:
        raise InputError(
            f"would replace {_names(existing)}; choose another folder with --save-path, or set --overwrite"
        )


@contextmanager
def claimed(outputs: Sequence[Path], overwrite: bool) -> Iterator[None]:
    """Context manager in which no other command writes the same files; their folder is created if necessary.

    Args:
        outputs: files that the command will write into one folder, the main one first.
        overwrite: value of ``--overwrite``.

    Raises:
        InputError: if another command writes the main file, a file would be replaced unasked, or the folder cannot be
            written to.
    """
    main = outputs[0]
    with locked(writable_folder(main.parent), main.name):
        refuse_existing(outputs, overwrite)  # again, since another command may have ended in the meantime
        if existing := _existing(outputs):
            LOGGER.info("note: %s will be replaced when this run has finished", _names(existing))
        yield


def check_unfinished(part: Path, usable: str, foreign: bool, overwrite: bool) -> None:
    """Check that a command replaces no unfinished results of another run; log what it continues from.

    Args:
        part: file with the unfinished results.
        usable: description of the results that the command would compute again, which it keeps; empty if none.
        foreign: True if the file holds anything else.
        overwrite: value of ``--overwrite``.

    Raises:
        InputError: if something else would be replaced, and ``overwrite`` is false.
    """
    if foreign and not overwrite:
        raise InputError(
            "is not the unfinished output of this command; continue it with its own options, or set --overwrite", part
        )
    if usable:
        LOGGER.info("continuing from %s, which has %s", part, usable)
    else:
        LOGGER.info("note: %s holds nothing to continue from and is replaced", part)


def _existing(outputs: Sequence[Path]) -> list[Path]:
    return [path for path in outputs if path.exists() or path.is_symlink()]


def _names(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(map(str, paths[:3])) + more
