"""The exception for errors in the user's input."""

from pathlib import Path


class InputError(Exception):
    """Exception for input that cannot be used, such as a file, an option or a checkpoint.

    Commands print the message as one sentence on stderr and exit with code 2. The message begins with the name of the
    file and the number of the line, if given: ``data/sst/train.txt:17: unbalanced parentheses``.

    Args:
        message: description of the error in one sentence, without a final full stop.
        path: file that contains the error.
        line: number of the line with the error, counted from 1.
    """

    def __init__(self, message: str, path: Path | str | None = None, line: int | None = None):
        location = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(location + message)


class AbsentDataError(InputError):
    """Exception for a data set that is not there: its file is missing, or it has no labelled examples.

    Attributes:
        path: the file, if there is a certain one.
    """

    def __init__(self, message: str, path: Path | str | None = None):
        super().__init__(message, path)
        self.path = path


def lacks_memory(error: BaseException) -> bool:
    """Tell whether an exception means that memory could not be allocated, on the CPU or on a GPU."""
    # torch raises a RuntimeError, on a GPU a subclass of it; its message is the only sign that both have.
    texts = ("allocate memory", "out of memory")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(text in str(error) for text in texts)
    )
