"""Commands: options from the command line, help, and the function that does the work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from latent_rationale.common.utils.config import parse
from latent_rationale.common.utils.console import LOGGER, run_command
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import flag, ignored_options, unmet_needs

Options = TypeVar("Options")

STOPPED_TRAINING = (
    "stopped; a run that has begun goes on with --resume, from the last evaluation or --save-every's state"
)


@dataclass(frozen=True)
class Command(Generic[Options]):
    """A console command. Calling it parses the options, runs it, and returns the exit code.

    The module that defines a command imports neither torch nor a model, so that ``-h`` is fast; ``run`` does.

    Attributes:
        program: the words that start it, unless the caller knows others.
        about: what it does, for ``-h``.
        examples: usual arguments, for ``-h``.
        options_class: its options.
        run: does the work, given the options and the values of those that the user named.
        stopped: the message after Ctrl-C.
    """

    program: str
    about: str
    examples: tuple[str, ...]
    options_class: type[Options]
    run: Callable[[Options, dict[str, Any]], None]
    stopped: str = "stopped"

    def __call__(self, arguments: Sequence[str] | None = None, program: str | None = None) -> int:
        """Run the command with the given arguments, or with those of the command line."""
        return run_command(partial(self._parse_and_run, program or self.program), arguments, self.stopped)

    def _parse_and_run(self, program: str, arguments: Sequence[str]) -> None:
        options, named = parse(self.options_class, arguments, program, self.about, self.examples)
        self.run(options, named)


def refuse_misplaced(options: Any, named: dict[str, Any]) -> None:
    """Refuse named options that belong to other choices, such as another model.

    Raises:
        InputError: for the first of them.
    """
    for unmet in unmet_needs(options, named):
        if unmet.belongs_elsewhere:
            raise InputError(unmet.sentence)


def note_without_effect(options: Any, named: dict[str, Any]) -> None:
    """Tell the user which of the named options have no effect, and why."""
    for name, why in ignored_options(type(options), named).items():
        LOGGER.info("note: %s has no effect since %s", flag(name), why)
    for unmet in unmet_needs(options, named):
        LOGGER.info("note: %s has no effect %s", flag(unmet.name), unmet.reason)
