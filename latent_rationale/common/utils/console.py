"""Console output of the commands: the logger, tables, exit codes."""

import logging
import sys
from collections.abc import Callable, Sequence

from tqdm import tqdm

from latent_rationale.common.utils.errors import InputError, lacks_memory
from latent_rationale.common.utils.process import prepare_process

LOGGER = logging.getLogger("latent_rationale")
"""Logger of all messages to the user."""

EXIT_INPUT, EXIT_STOPPED = 2, 130
"""Exit codes for invalid input and for an interruption by Ctrl-C."""


def has_console() -> bool:
    """Tell whether a command runs in this process, so that log messages go to the console."""
    return any(isinstance(handler, _Console) for handler in LOGGER.handlers)


def show_row(*cells: str) -> None:
    """Print a row of a table, in Markdown."""
    LOGGER.info("| %s |", " | ".join(cells))


def run_command(
    command: Callable[[Sequence[str]], None], arguments: Sequence[str] | None = None, stopped: str = "stopped"
) -> int:
    """Run a command with its log on stdout and its errors on stderr.

    Args:
        command: function of the arguments.
        arguments: arguments of the command; by default those of the process.
        stopped: message after Ctrl-C.

    Returns:
        The exit code: 0 for success, 2 for invalid input, 130 after Ctrl-C.
    """
    prepare_process()
    console = _Console()
    LOGGER.addHandler(console)
    LOGGER.setLevel(logging.INFO)
    try:
        command(sys.argv[1:] if arguments is None else arguments)
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_INPUT
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        sys.stderr.write(f"error: {place}{error.strerror or error}\n")
        return EXIT_INPUT
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        sys.stderr.write("error: not enough memory; smaller batches, shorter texts or a smaller model need less\n")
        return EXIT_INPUT
    except KeyboardInterrupt:
        sys.stderr.write(f"{stopped}\n")
        return EXIT_STOPPED
    finally:
        LOGGER.removeHandler(console)
    return 0


class _Console(logging.Handler):
    """Handler that writes to stdout without breaking a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(record.getMessage())
