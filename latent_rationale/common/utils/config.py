"""Options of the commands as frozen dataclasses: definition, parsing, help text and JSON. The only user of argparse."""

import argparse
import dataclasses
import os
import textwrap
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import Needs, flag, hyphen_hint, tag_of, with_hyphens
from latent_rationale.common.utils.values import as_unicode, check, convert, element_type, plain, shorten

T = TypeVar("T")

REQUIRED: Any = dataclasses.MISSING
"""Default of an option without a default, which the user must set."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptionGroup:
    """Group of options under one heading of ``-h``. The options of a command inherit the groups that they need.

    Attributes:
        HEADING: heading of the options that the class introduces.
    """

    HEADING: ClassVar[str] = "options"

    def __post_init__(self) -> None:
        """Check combinations of values. A group with a check of its own calls ``super().__post_init__()``.

        Raises:
            InputError: if values that are valid one by one cannot be combined.
        """


def option(
    default: Any,
    text: str,
    within: str = "",
    choices: Iterable[Any] = (),
    negated: Iterable[str] = (),
    also: Iterable[str] = (),
    needs: Needs | None = None,
    alone: str = "",
) -> Any:
    """Define an option as a field of a dataclass.

    Args:
        default: default value, or ``REQUIRED``.
        text: description in ``-h``.
        within: interval of a number, such as ``(0, 1]`` or ``[1, 1e9]``; both ends are finite.
        choices: allowed values; empty for any.
        negated: names of further flags that take a positive integer and set the option to its negative.
        also: aliases of the option.
        needs: values of other options without which this one has no effect, such as ``{"model": ("latent", "rl")}``.
            If there are several, all of them are needed.
        alone: value that cannot be combined with others, of an option with several values.
    """
    metadata = {
        "text": text,
        "within": within,
        "choices": tuple(choices),
        "negated": tuple(negated),
        "also": tuple(also),
        "needs": needs or {},
        "alone": alone,
        "ignored": "",
    }
    return dataclasses.field(default=default, metadata=metadata)


def ignored(default: Any, reason: str, choices: Iterable[Any] = ()) -> Any:
    """Define an option that is accepted for compatibility and has no effect.

    ``-h`` does not show it, files do not record it, and a note tells users who set it.

    Args:
        default: value of the type that the flag takes.
        reason: reason for the note, a sentence in lower case such as ``it always trains``.
        choices: allowed values; empty for any.
    """
    field = option(default, "", choices=choices)
    return dataclasses.field(default=default, metadata={**field.metadata, "ignored": reason})


def inherited(
    kind: Any,
    name: str,
    default: Any,
    text: str = "",
    negated: Iterable[str] = (),
    also: Iterable[str] = (),
    needs: Needs | None = None,
) -> Any:
    """Redefine an option of a base class with another default.

    Args:
        kind: the base class.
        name: name of the option.
        default: default value in the subclass.
        text: description; if empty, that of the base class.
        negated: see ``option``; if empty, as in the base class.
        also: see ``option``; if empty, as in the base class.
        needs: see ``option``; if empty, as in the base class.
    """
    changes = {"text": text, "negated": tuple(negated), "also": tuple(also), "needs": needs}
    metadata = {**_field(kind, name).metadata, **{key: value for key, value in changes.items() if value}}
    return dataclasses.field(default=default, metadata=metadata)


def parse(
    kind: type[T], arguments: Sequence[str], program: str, about: str, examples: Iterable[str] = ()
) -> tuple[T, dict[str, Any]]:
    """Parse the options of a command line.

    ``-`` and ``_`` are equivalent in a flag; abbreviations and unknown flags are errors.

    Args:
        kind: class of the options.
        arguments: arguments of the command.
        program: name of the command, for messages.
        about: description of the command, for ``-h``.
        examples: typical arguments, which ``-h`` shows after the name of the command.

    Returns:
        All options, and the values of those that the user set explicitly.

    Raises:
        InputError: if a flag is unknown or its value is invalid.
    """
    required = [field for field in _fields(kind) if field.default is REQUIRED]
    parser = _Parser(
        prog=program,
        usage=" ".join([program, *(f"{flag(field.name)} ..." for field in required), "[options]"]),
        add_help=False,
        description=textwrap.fill(about, _width()),
        epilog="\n  ".join(["examples:", *(f"{program} {example}" for example in examples)]) if examples else None,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
        formatter_class=_Formatter,
    )
    parser.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
    hints = typing.get_type_hints(kind)
    for heading, fields in _by_heading(kind).items():
        group = parser.add_argument_group(heading)
        for field in fields:
            _add(group, field, hints[field.name])
    named = vars(parser.parse_args(arguments))
    return make(kind, named), named


def make(kind: type[T], values: Mapping[str, Any]) -> T:
    """Create options from a dictionary with some of their values.

    Raises:
        InputError: if a name is unknown, or a value has the wrong type or is out of bounds.
    """
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in _fields(kind)}
    converted = {}
    for name, value in values.items():
        if name not in fields:
            raise InputError(f"unknown option {flag(name)}")
        try:
            converted[name] = convert(hints[name], value)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{flag(name)}: {shorten(repr(value))} has the wrong type") from error
        check(fields[name], converted[name])
    return kind(**converted)


def to_json(options: Any) -> dict[str, Any]:
    """Return the options as a dictionary of JSON values, without those that are ignored."""
    fields = (field for field in _fields(type(options)) if not field.metadata["ignored"])
    return {field.name: plain(getattr(options, field.name)) for field in fields}


def from_json(kind: type[T], values: Mapping[str, Any]) -> T:
    """Create options from JSON that an earlier version may have written; unknown names are dropped.

    Raises:
        InputError: if a value has the wrong type or is out of bounds.
    """
    known = {field.name for field in _fields(kind) if not field.metadata["ignored"]}
    return make(kind, {name: value for name, value in values.items() if name in known})


def value_of(name: str, arguments: Sequence[str], program: str) -> str | None:
    """Return the value of one option of a command line whose other options are not known yet; None if it is not set."""
    parser = _Parser(program, allow_abbrev=False, add_help=False)
    parser.add_argument(flag(name))
    known, _ = parser.parse_known_args(arguments)
    value: str | None = getattr(known, name)
    return value


class _Parser(argparse.ArgumentParser):
    """Parser in whose flags ``-`` and ``_`` are equivalent, and whose errors are exceptions."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._arguments = [with_hyphens(argument, self._option_string_actions) for argument in args]
        found, others = super().parse_known_args(self._arguments, namespace)
        # argparse drops the value of --text=--, as if it were the separator of arguments.
        for name in [name for name, value in vars(found).items() if value == []]:
            setattr(found, name, "--")
        return found, others

    def error(self, message: str) -> NoReturn:
        hint = hyphen_hint(message, self._arguments, self._option_string_actions)
        raise InputError(f"{message}{hint} (see {self.prog} -h)")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=28, width=_width())


def _width() -> int:
    """Return the width of help texts: that of the terminal, between 60 and 100 so that lines stay readable."""
    try:
        return max(min(os.get_terminal_size().columns, 100), 60)
    except OSError:
        return 100


def _fields(kind: Any) -> "tuple[dataclasses.Field[Any], ...]":
    return dataclasses.fields(kind)


def _field(kind: Any, name: str) -> "dataclasses.Field[Any]":
    (field,) = (field for field in _fields(kind) if field.name == name)
    return field


def _by_heading(kind: type[Any]) -> "dict[str, list[dataclasses.Field[Any]]]":
    """Group the options under the headings of the classes that introduce them, subclasses first."""
    homes: dict[str, type[Any]] = {}
    for base in kind.__mro__:  # the last class that annotates an option introduces it; the others redefine it
        homes |= dict.fromkeys(vars(base).get("__annotations__", {}), base)
    groups: dict[str, list[dataclasses.Field[Any]]] = {}
    for base in kind.__mro__:
        fields = [field for field in _fields(kind) if homes[field.name] is base and not field.metadata["ignored"]]
        if fields:
            groups.setdefault(getattr(base, "HEADING", OptionGroup.HEADING), []).extend(fields)
    hidden = [field for field in _fields(kind) if field.metadata["ignored"]]
    # Ignored options are parsed too, although -h does not show them.
    return groups | ({OptionGroup.HEADING: [*groups.get(OptionGroup.HEADING, []), *hidden]} if hidden else {})


def _add(parser: "argparse._ArgumentGroup", field: "dataclasses.Field[Any]", hint: Any) -> None:
    """Add an option to a group of the parser.

    Args:
        parser: the group.
        field: field that defines the option.
        hint: type of the field.
    """
    text, within, choices, negated = (field.metadata[key] for key in ("text", "within", "choices", "negated"))
    names = [flag(name) for name in (field.name, *field.metadata["also"])]
    hidden = bool(field.metadata["ignored"])
    text = tag_of(field.metadata["needs"]) + text
    if hint is bool:
        shown = argparse.SUPPRESS if hidden else text.replace("%", "%%")
        parser.add_argument(*names, dest=field.name, action="store_true", help=shown)
        return
    kind = element_type(hint)
    group: argparse._ActionsContainer = parser
    if negated:
        group = parser.add_mutually_exclusive_group()
        same = f"equivalent to {flag(field.name)} -N"
        group.add_argument(*map(flag, negated), dest=field.name, type=_negative, metavar="N", help=same)
    # Bounds such as 1e9, which only keep absurd values away, would be noise.
    bounds = f", in {within}" if within and "1e" not in within else ""
    shown = f"{text}{bounds}{_default_text(field.default)}".replace("%", "%%")
    group.add_argument(
        *names,
        dest=field.name,
        type=as_unicode if kind is str else kind,
        nargs="+" if typing.get_origin(hint) is tuple else None,
        choices=choices or None,
        required=field.default is REQUIRED,
        metavar=None if choices else {int: "N", float: "X", Path: "PATH"}.get(kind, "TEXT"),
        help=argparse.SUPPRESS if hidden else shown,
    )


def _negative(text: str) -> int:
    """Return the negative of a positive integer, for flags such as ``--epochs``."""
    digits = text.removesuffix(".0")  # the original implementation of Jin et al. takes epochs as floats
    if not digits.isdecimal() or int(digits) == 0:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text}")
    return -int(digits)


def _default_text(default: Any) -> str:
    if default in (REQUIRED, None, (), ""):
        return ""
    return f" (default: {' '.join(map(str, default)) if isinstance(default, tuple) else default})"
