"""Files that the commands write: nothing is replaced unasked, and no two commands write a file at the same time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.writing import locked, names_of, refuse_existing, writable_folder


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
        # Again, since another command may have ended in the meantime.
        if existing := refuse_existing(outputs, overwrite):
            LOGGER.info("note: %s will be replaced when this run has finished", names_of(existing))
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
