"""Console commands: parsing of options, help text, and dispatch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
