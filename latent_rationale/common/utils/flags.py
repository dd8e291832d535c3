"""Flags of the command line, and detection of flags that have no effect."""

import shlex
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from itertools import pairwise
from typing import Any

GIVEN = "given"
"""Value in ``needs`` that stands for any value but None."""

Needs = Mapping[str, tuple[Any, ...]]
"""Conditions under which an option has an effect: names of other options, with the values that each may have."""


def flag(name: str) -> str:
    """Return the flag of an option: ``--save-path`` for ``save_path``."""
    return "--" + name.replace("_", "-")


def with_hyphens(argument: str, flags: Container[str]) -> str:
    """Return an argument with ``-`` for ``_`` in its flag; any other argument, such as a text, stays as it is.

    Args:
        argument: argument of a command, such as ``--save_path=results/my_run``.
        flags: all flags of the command, with hyphens.
    """
    name, equals, value = argument.partition("=")
    name = name.replace("_", "-")
    return name + equals + value if name in flags else argument


def hyphen_hint(message: str, arguments: Sequence[str], flags: Container[str]) -> str:
    """Return how to give the value that a flag lacks, if that value was taken for a flag itself; otherwise nothing.

    Args:
        message: message of argparse, such as ``argument --text: expected one argument``.
        arguments: arguments of the command.
        flags: all flags of the command.
    """
    for name, value in pairwise(arguments):
        lacks_value = name in flags and f"{name}: expected" in message
        if lacks_value and value.startswith("-") and value.partition("=")[0] not in flags:
            return f"; a value that begins with a hyphen is given as {name}={shlex.quote(value)}"
    return ""


@dataclass(frozen=True)
class UnmetNeed:
    """Option that has no effect because of the value of another one.

    Attributes:
        name: name of the option.
        other: name of the other option.
        value: value of the other option.
        allowed: values of the other option with which ``name`` has an effect.
    """

    name: str
    other: str
    value: Any
    allowed: tuple[Any, ...]

    @property
    def reason(self) -> str:
        """Reason why the option has no effect, such as ``without --agg``."""
        if self.allowed in ((False,), (None,)):
            return f"with {flag(self.other)}"
        return f"without {_named(self.other, self.allowed)}"

    @property
    def belongs_elsewhere(self) -> bool:
        """True if the option belongs to another choice, such as another model, and not only to a switch that is off."""
        return isinstance(self.value, str) and self.allowed != (None,)

    @property
    def sentence(self) -> str:
        """Error message for an option that belongs elsewhere, with the values to choose."""
        home = _named(self.other, self.allowed)
        choice = home if len(self.allowed) == 1 else "one of them"
        return f"{flag(self.name)}: belongs to {home}, not to {self.value}; choose {choice}"


def unmet_needs(options: Any, named: Iterable[str]) -> list[UnmetNeed]:
    """Return the options among ``named`` that have no effect because of the values of others."""
    return [unmet for field in fields(options) if field.name in named for unmet in _first_unmet(options, field)]


def ignored_options(kind: type[Any], named: Iterable[str]) -> dict[str, str]:
    """Return the options among ``named`` that are accepted for compatibility only, with the reason for each."""
    return {f.name: f.metadata["ignored"] for f in fields(kind) if f.name in named and f.metadata["ignored"]}


def _first_unmet(options: Any, field: "Field[Any]") -> list[UnmetNeed]:
    """Return the first unmet need of an option as a list, which is empty if all needs are met."""
    needs = [(other, getattr(options, other), allowed) for other, allowed in field.metadata["needs"].items()]
    return [UnmetNeed(field.name, *each) for each in needs if not _has_effect(*each[1:])][:1]


def _has_effect(value: Any, allowed: tuple[Any, ...]) -> bool:
    # One of several values is enough. An empty tuple means that the command chooses, for instance all methods.
    if isinstance(value, tuple):
        return not value or any(single in allowed for single in value)
    return value in allowed or (GIVEN in allowed and value is not None)


def _named(name: str, values: tuple[Any, ...]) -> str:
    """Return a flag with some of its values, such as ``--model latent, rl or attention``."""
    if values in ((True,), (False,), (None,), (GIVEN,)):
        return flag(name)
    *first, last = map(str, values)
    return f"{flag(name)} {', '.join(first)} or {last}" if first else f"{flag(name)} {last}"


def tag_of(needs: Needs) -> str:
    """Return the needs of an option in the form that ``-h`` shows, such as ``[latent, rl]`` or ``[with --agg]``."""
    tags = []
    for name, values in needs.items():
        if name == "model":
            tags.append(f"[{', '.join(values)}]")
        else:
            tags.append(f"[{'without' if values in ((False,), (None,)) else 'with'} {_named(name, values)}]")
    return "".join(f"{tag} " for tag in tags)
