"""Console output of the commands: the logger, tables, exit codes."""

import logging
import sys
from collections.abc import Callable, Sequence

from tqdm import tqdm

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.memory import keep_memory

LOGGER = logging.getLogger("latent_rationale")
"""Where all words for the user go."""

EXIT_INPUT, EXIT_STOPPED = 2, 130


def has_console() -> bool:
    """Tell whether a command runs in this process, whose words for the user go to the console."""
    return any(isinstance(handler, _Console) for handler in LOGGER.handlers)


def show_row(*cells: str) -> None:
    """Tell the user a row of a table, in Markdown."""
    LOGGER.info("| %s |", " | ".join(cells))


def run_command(
    command: Callable[[Sequence[str]], None], arguments: Sequence[str] | None = None, stopped: str = "stopped"
) -> int:
    """Run a command with its words on stdout; bad input is one sentence on stderr and exit code 2.

    Args:
        command: what to do with the arguments.
        arguments: those of the command line, unless given.
        stopped: what to say where the user stops it.
    """
    keep_memory()
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
    except KeyboardInterrupt:
        sys.stderr.write(f"{stopped}\n")
        return EXIT_STOPPED
    finally:
        LOGGER.removeHandler(console)
    return 0


class _Console(logging.Handler):
    """Writes to stdout without tearing a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(record.getMessage())
