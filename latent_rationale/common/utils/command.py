"""Console commands: parsing of options, help text, and dispatch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from latent_rationale.common.utils.config import parse
from latent_rationale.common.utils.console import LOGGER, run_command
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import flag, ignored_options, unmet_needs

Options = TypeVar("Options")


@dataclass(frozen=True)
class Command(Generic[Options]):
    """Console command. A call parses the options, runs the command, and returns the exit code.

    A module that defines a command imports torch and models inside ``run`` only, so that ``-h`` is fast.

    Attributes:
        program: name of the command in messages, unless the caller passes another one.
        about: description for ``-h``.
        examples: typical command lines for ``-h``, without the name of the program.
        options_class: class of the options.
        run: function that does the work; its arguments are the options, and the values that the user set explicitly.
        stopped: message after Ctrl-C.
    """

    program: str
    about: str
    examples: tuple[str, ...]
    options_class: type[Options]
    run: Callable[[Options, dict[str, Any]], None]
    stopped: str = "stopped"

    def __call__(self, arguments: Sequence[str] | None = None, program: str | None = None) -> int:
        """Run the command and return its exit code.

        Args:
            arguments: arguments of the command; by default those of the process.
            program: name of the command in messages; by default ``self.program``.
        """
        return run_command(partial(self._parse_and_run, program or self.program), arguments, self.stopped)

    def _parse_and_run(self, program: str, arguments: Sequence[str]) -> None:
        options, named = parse(self.options_class, arguments, program, self.about, self.examples)
        self.run(options, named)


def refuse_misplaced(options: Any, named: dict[str, Any]) -> None:
    """Raise an error if the user set an option that belongs to another choice, such as another model.

    Args:
        options: all options.
        named: values of the options that the user set explicitly.

    Raises:
        InputError: for the first such option.
    """
    for unmet in unmet_needs(options, named):
        if unmet.belongs_elsewhere:
            raise InputError(unmet.sentence)


def note_without_effect(options: Any, named: dict[str, Any]) -> None:
    """Log which of the options that the user set have no effect, with the reason for each."""
    for name, reason in ignored_options(type(options), named).items():
        LOGGER.info("note: %s has no effect since %s", flag(name), reason)
    for unmet in unmet_needs(options, named):
        LOGGER.info("note: %s has no effect %s", flag(unmet.name), unmet.reason)


def refuse_existing(outputs: Iterable[Path], overwrite: bool) -> None:
    """Check that a command replaces no files unless the user set ``--overwrite``; in that case log which it replaces.

    Args:
        outputs: files that the command will write.
        overwrite: value of ``--overwrite``.

    Raises:
        InputError: if one of the files exists, and ``overwrite`` is false.
    """
    existing = [path for path in outputs if path.exists() or path.is_symlink()]
    if not existing:
        return
    more = f" and {len(existing) - 3} more" if len(existing) > 3 else ""
    names = ", ".join(map(str, existing[:3])) + more
    if not overwrite:
        raise InputError(f"would replace {names}; choose another folder with --save-path, or set --overwrite")
    LOGGER.info("note: %s will be replaced when this run has finished", names)


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
            "is not the unfinished output of this command; continue it with its own options, or set --overwrite",
            part,
        )
    if usable:
        LOGGER.info("continuing from %s, which has %s", part, usable)
    else:
        LOGGER.info("note: %s holds nothing to continue from and is replaced", part)
