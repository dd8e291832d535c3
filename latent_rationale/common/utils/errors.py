"""The one exception that a user is meant to read."""

from pathlib import Path


class InputError(Exception):
    """Something the user gave cannot be used: a file, an option, a checkpoint.

    Commands print it as one sentence on stderr and exit with code 2. Where a file is to blame the sentence starts
    with its name, and with the line where there is one: ``data/sst/train.txt:17: unbalanced parentheses``.

    Args:
        message: what is wrong, in one clear sentence without a final full stop.
        path: the file at fault.
        line: its line, counted from 1.
    """

    def __init__(self, message: str, path: Path | str | None = None, line: int | None = None):
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(place + message)
