"""Console output of the commands: the logger, tables, exit codes."""

import copy
import errno
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from latent_rationale.common.utils.errors import InputError, lacks_memory
from latent_rationale.common.utils.process import prepare_process

LOGGER = logging.getLogger("latent_rationale")
"""Logger of all messages to the user."""

IN_COLOUR = {"in_colour": True}
"""Value of ``extra`` for a message with codes for colours, in which the caller has escaped the text of others."""

EXIT_INPUT, EXIT_STOPPED = 2, 130
"""Exit codes for invalid input and for an interruption by Ctrl-C."""

# Control characters (C0 without tab and line feed, delete, C1) and those that change the direction of writing.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE_BREAKS = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # where str.splitlines() splits


def has_console() -> bool:
    """Tell whether a command runs in this process, so that log messages go to the console."""
    return any(isinstance(handler, _Console) for handler in LOGGER.handlers)


def show_row(*cells: str) -> None:
    """Print a row of a table, in Markdown."""
    LOGGER.info("| %s |", " | ".join(cells))


def escaped(text: str) -> str:
    r"""Return a text with its control characters as escapes such as ``\x1b``, which do nothing to a terminal.

    Tabs and line feeds stay.
    """
    return _CONTROLS.sub(_escape, text)


def on_one_line(text: str) -> str:
    r"""Return a text with its line breaks as escapes such as ``\n``."""
    return _LINE_BREAKS.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def run_command(
    command: Callable[[Sequence[str]], None], arguments: Sequence[str] | None = None, stopped: str = "stopped"
) -> int:
    """Run a command with its log on stdout and its errors on stderr.

    What the command does never depends on its console: characters that the console cannot encode are escaped, and a
    console that is closed, full or gone is ignored.

    Args:
        command: function of the arguments.
        arguments: arguments of the command; by default those of the process.
        stopped: message after Ctrl-C.

    Returns:
        The exit code: 0 for success, 2 for invalid input, 130 after Ctrl-C.
    """
    try:
        prepare_process()
        with _lasting_streams(), _console():
            return _exit_code(command, sys.argv[1:] if arguments is None else arguments, stopped)
    except KeyboardInterrupt:  # before the command has begun, or after it has ended
        return EXIT_STOPPED


def _exit_code(command: Callable[[Sequence[str]], None], arguments: Sequence[str], stopped: str) -> int:
    """Run a command, show its error if it ends with one, and return the exit code."""
    try:
        command(arguments)
    except InputError as error:
        return _fail(f"error: {error}", EXIT_INPUT)
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        return _fail(f"error: {place}{error.strerror or error}", EXIT_INPUT)
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        return _fail(
            "error: not enough memory; smaller batches, shorter texts or a smaller model need less", EXIT_INPUT
        )
    except KeyboardInterrupt:
        return _fail(stopped, EXIT_STOPPED)
    return 0


def _fail(message: str, code: int) -> int:
    """Show a message of one line on stderr and return the exit code."""
    sys.stderr.write(on_one_line(escaped(message)) + "\n")
    return code


@contextmanager
def _console() -> Iterator[None]:
    """Context manager in which log messages go to the console."""
    console = _Console()
    LOGGER.addHandler(console)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOGGER.removeHandler(console)


class _Console(logging.Handler):
    """Handler that writes to stdout without breaking a progress bar.

    Only the format of a message may hold line breaks; in its arguments, which come from data, they are escaped.
    """

    def emit(self, record: logging.LogRecord) -> None:
        record = copy.copy(record)  # other handlers get the message as it is
        if isinstance(record.args, tuple):
            record.args = tuple(on_one_line(str(x)) if isinstance(x, str | Path) else x for x in record.args)
        message = record.getMessage()
        # Without the lock of tqdm: no other thread draws (see Progress), and Ctrl-C while it is acquired makes tqdm
        # release what it does not hold, which ends in a traceback.
        tqdm.write(message if getattr(record, "in_colour", False) else escaped(message), nolock=True)


@contextmanager
def _lasting_streams() -> Iterator[None]:
    """Context manager in which writing to stdout and stderr does not fail."""
    _open_descriptors()
    with ExitStack() as stack:
        out, err = (stack.enter_context(_lasting(stream)) for stream in (sys.stdout, sys.stderr))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        yield


def _open_descriptors() -> None:
    """Direct the standard descriptors that are closed to the null device.

    Otherwise the next files that are opened would get their numbers, and messages that libraries in C write to stderr
    would end up in those files.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # A new file gets the lowest number that is free, which is this one. Child processes inherit it as usual.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


@contextmanager
def _lasting(stream: TextIO | None) -> Iterator["_LastingStream"]:
    """Context manager that yields a stream that writes to another one, which is None if it was closed at the start."""
    if stream is None:
        with open(os.devnull, "w", encoding="utf-8") as null:
            yield _LastingStream(null)
        return
    if isinstance(stream, io.TextIOWrapper):
        # Lines are written at once, so that a log in a file can be followed, and a failure is noticed where it happens.
        stream.reconfigure(errors="backslashreplace", line_buffering=True)
    lasting = _LastingStream(stream)
    try:
        yield lasting
    finally:
        lasting.flush()


class _LastingStream(io.TextIOBase):
    """Text stream that drops what the stream beneath it cannot write, for example because nobody reads it any more."""

    def __init__(self, stream: TextIO):
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the stream beneath, by which a progress bar chooses its characters."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write a text, if possible."""
        self._attempt(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, if possible."""
        self._attempt(self._stream.flush)

    def isatty(self) -> bool:
        """Tell whether the stream beneath is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream beneath."""
        return self._stream.fileno()

    def close(self) -> None:
        """Do nothing, because the stream beneath belongs to others."""

    def _attempt(self, write: Callable[..., Any], *arguments: Any) -> None:
        try:
            write(*arguments)
        except OSError as error:
            self._give_up()
            if error.errno != errno.EPIPE:  # as after `| head`, where the reader wants no more
                sys.stderr.write(f"note: the rest of the output is lost, which cannot be written ({error.strerror})\n")

    def _give_up(self) -> None:
        """Direct the descriptor to the null device, so that what is buffered fails neither now nor at the exit."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._stream.fileno())
        os.close(null)
        self._stream.flush()
