"""Flags as users type them, and which of the flags that a user gave have no effect."""

from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

GIVEN = "given"
"""In ``needs``: any value but None."""

Needs = Mapping[str, tuple[Any, ...]]
"""Names of other options, each with the values with which an option has an effect."""


def flag(name: str) -> str:
    """A field's name as a user types it."""
    return "--" + name.replace("_", "-")


@dataclass(frozen=True)
class Unmet:
    """An option without effect because of the value of another one.

    Attributes:
        name: the option.
        other: the option that it needs.
        value: the value of the other one.
        allowed: the values with which ``name`` would have an effect.
    """

    name: str
    other: str
    value: Any
    allowed: tuple[Any, ...]

    @property
    def reason(self) -> str:
        """The circumstance that takes the effect away, such as ``without --agg``."""
        if self.allowed in ((False,), (None,)):
            return f"with {flag(self.other)}"
        return f"without {_named(self.other, self.allowed)}"

    @property
    def belongs_elsewhere(self) -> bool:
        """Whether the option belongs to other choices, such as another model, and not only to a switch that is off."""
        return isinstance(self.value, str) and self.allowed != (None,)

    @property
    def sentence(self) -> str:
        """The error for an option that belongs elsewhere, with what to choose."""
        home = _named(self.other, self.allowed)
        choice = home if len(self.allowed) == 1 else "one of them"
        return f"{flag(self.name)}: belongs to {home}, not to {self.value}; choose {choice}"


def unmet_needs(options: Any, named: Iterable[str]) -> list[Unmet]:
    """Find the named options that have no effect because of the values of others."""
    return [found for field in fields(options) if field.name in named for found in _first_unmet(options, field)]


def ignored_options(kind: type[Any], named: Iterable[str]) -> dict[str, str]:
    """Find the named options that are accepted for compatibility only, each with the reason."""
    return {f.name: f.metadata["ignored"] for f in fields(kind) if f.name in named and f.metadata["ignored"]}


def _first_unmet(options: Any, field: "Field[Any]") -> list[Unmet]:
    """The first need of an option that is not met, if there is one."""
    values = [(other, getattr(options, other), allowed) for other, allowed in field.metadata["needs"].items()]
    return [Unmet(field.name, *each) for each in values if not _has_effect(*each[1:])][:1]


def _has_effect(value: Any, allowed: tuple[Any, ...]) -> bool:
    if isinstance(value, tuple):  # one of several values is enough; without any, the program chooses
        return not value or any(single in allowed for single in value)
    return value in allowed or (GIVEN in allowed and value is not None)


def _named(name: str, values: tuple[Any, ...]) -> str:
    """An option with some of its values, as a user types it: ``--model latent, rl or attention``."""
    if values in ((True,), (False,), (None,), (GIVEN,)):
        return flag(name)
    *first, last = map(str, values)
    return f"{flag(name)} {', '.join(first)} or {last}" if first else f"{flag(name)} {last}"


def tag_of(needs: Needs) -> str:
    """The needs of an option as ``-h`` shows them: ``[latent, rl]``, ``[with --agg]``."""
    tags = []
    for name, values in needs.items():
        if name == "model":
            tags.append(f"[{', '.join(values)}]")
        else:
            tags.append(f"[{'without' if values in ((False,), (None,)) else 'with'} {_named(name, values)}]")
    return "".join(f"{tag} " for tag in tags)
