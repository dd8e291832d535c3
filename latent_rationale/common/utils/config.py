"""Options of the commands: frozen dataclasses, their flags, their JSON and their errors. The only user of argparse."""

import argparse
import dataclasses
import os
import textwrap
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import Needs, flag, tag_of
from latent_rationale.common.utils.values import check, convert, element_type, plain

T = TypeVar("T")

REQUIRED: Any = dataclasses.MISSING
"""The default of an option that the user must give."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptionGroup:
    """A group of options, which ``-h`` shows under a heading. A command's options inherit the groups that they need.

    Attributes:
        HEADING: the heading of the options that the class introduces.
    """

    HEADING: ClassVar[str] = "options"

    def __post_init__(self) -> None:
        """Refuse combinations of values. A group with a rule of its own calls ``super().__post_init__()``.

        Raises:
            InputError: if values that are allowed one by one do not go together.
        """


def option(
    default: Any,
    text: str,
    within: str = "",
    choices: Iterable[Any] = (),
    negated: Iterable[str] = (),
    also: Iterable[str] = (),
    needs: Needs | None = None,
) -> Any:
    """Define an option as a field of a dataclass.

    Args:
        default: its value unless the user says otherwise, or ``REQUIRED``.
        text: its description in ``-h``.
        within: the interval that a number must lie in, as in ``(0, 1]``.
        choices: the values that are allowed.
        negated: other flags for it, which take a whole number from 1 and stand for its negative.
        also: other names that it goes by.
        needs: values of other options without which this one has no effect, as in ``{"model": ("latent", "rl")}``.
    """
    metadata = {
        "text": text,
        "within": within,
        "choices": tuple(choices),
        "negated": tuple(negated),
        "also": tuple(also),
        "needs": needs or {},
        "ignored": "",
    }
    return dataclasses.field(default=default, metadata=metadata)


def ignored(default: Any, why: str, choices: Iterable[Any] = ()) -> Any:
    """Define an option that is accepted for compatibility and has no effect.

    ``-h`` does not show it, files do not hold it, and users who give it get a note.

    Args:
        default: its value, which tells what kind of value the flag takes.
        why: the reason, a sentence in lower case such as ``it always trains``.
        choices: the values that are allowed.
    """
    field = option(default, "", choices=choices)
    return dataclasses.field(default=default, metadata={**field.metadata, "ignored": why})


def inherited(
    kind: Any,
    name: str,
    default: Any,
    text: str = "",
    negated: Iterable[str] = (),
    also: Iterable[str] = (),
    needs: Needs | None = None,
) -> Any:
    """Define the option ``name`` of a base class anew, with another default.

    Args:
        kind: the base class.
        name: the option.
        default: the default here.
        text: its description, unless that of the base class will do; likewise ``negated``, ``also`` and ``needs``.
        negated: see ``option``.
        also: see ``option``.
        needs: see ``option``.
    """
    changes = {"text": text, "negated": tuple(negated), "also": tuple(also), "needs": needs}
    metadata = {**_field(kind, name).metadata, **{key: value for key, value in changes.items() if value}}
    return dataclasses.field(default=default, metadata=metadata)


def parse(
    kind: type[T], arguments: Sequence[str], program: str, about: str, examples: Iterable[str] = ()
) -> tuple[T, dict[str, Any]]:
    """Read options from the command line; returns them, and the values of those that the user named.

    ``-`` and ``_`` are the same in a flag; abbreviations and unknown flags are refused.

    Args:
        kind: the class of the options.
        arguments: the command line.
        program: its name, for messages.
        about: what the program does, for ``-h``.
        examples: usual arguments, which ``-h`` shows behind the program's name.

    Raises:
        InputError: if a flag or its value cannot be used.
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
    named = vars(parser.parse_args([_with_hyphens(argument) for argument in arguments]))
    return make(kind, named), named


def make(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make options from a dictionary of some of their values.

    Raises:
        InputError: for an unknown name, or a value of another type or outside its bounds.
    """
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in _fields(kind)}
    converted = {}
    for name, value in values.items():
        if name not in fields:
            raise InputError(f"unknown option {flag(name)}")
        try:
            converted[name] = convert(hints[name], value)
        except (TypeError, ValueError) as error:
            raise InputError(f"{flag(name)}: {value!r} is of another type") from error
        check(fields[name], converted[name])
    return kind(**converted)


def to_json(options: Any) -> dict[str, Any]:
    """Return the options that have an effect as a dictionary that JSON can hold."""
    fields = (field for field in _fields(type(options)) if not field.metadata["ignored"])
    return {field.name: plain(getattr(options, field.name)) for field in fields}


def from_json(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make options from what an earlier version may have written; names that ``kind`` does not have are dropped.

    Raises:
        InputError: for a value of another type or outside its bounds.
    """
    known = {field.name for field in _fields(kind) if not field.metadata["ignored"]}
    return make(kind, {name: value for name, value in values.items() if name in known})


def value_of(name: str, arguments: Sequence[str]) -> str | None:
    """Return the value of one option in a command line whose other options are not known yet; None without it."""
    parser = _Parser(allow_abbrev=False, add_help=False)
    parser.add_argument(flag(name))
    known, _ = parser.parse_known_args([_with_hyphens(argument) for argument in arguments])
    value: str | None = getattr(known, name)
    return value


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} -h)")


def _with_hyphens(argument: str) -> str:
    name, equals, value = argument.partition("=")
    return name.replace("_", "-") + equals + value if argument.startswith("--") else argument


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=28, width=_width())


def _width() -> int:
    """The width of help texts: that of the terminal, and 100 at most, so that lines stay readable."""
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
    """The options under the headings of the classes that introduce them, from the most special class on."""
    homes: dict[str, type[Any]] = {}
    for base in kind.__mro__:  # the last one that has the option introduces it
        homes |= dict.fromkeys(vars(base).get("__annotations__", {}), base)
    found: dict[str, list[dataclasses.Field[Any]]] = {}
    for base in kind.__mro__:
        fields = [field for field in _fields(kind) if homes[field.name] is base and not field.metadata["ignored"]]
        if fields:
            found.setdefault(getattr(base, "HEADING", OptionGroup.HEADING), []).extend(fields)
    hidden = [field for field in _fields(kind) if field.metadata["ignored"]]
    return found | ({OptionGroup.HEADING: [*found.get(OptionGroup.HEADING, []), *hidden]} if hidden else {})


def _add(parser: "argparse._ArgumentGroup", field: "dataclasses.Field[Any]", hint: Any) -> None:
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
        same = f"the same as {flag(field.name)} -N"
        group.add_argument(*map(flag, negated), dest=field.name, type=_negative, metavar="N", help=same)
    bounds = f", in {within}" if within and "inf" not in within else ""
    shown = f"{text}{bounds}{_default_text(field.default)}".replace("%", "%%")
    group.add_argument(
        *names,
        dest=field.name,
        type=kind,
        nargs="+" if typing.get_origin(hint) is tuple else None,
        choices=choices or None,
        required=field.default is REQUIRED,
        metavar=None if choices else {int: "N", float: "X", Path: "PATH"}.get(kind, "TEXT"),
        help=argparse.SUPPRESS if hidden else shown,
    )


def _negative(text: str) -> int:
    digits = text.removesuffix(".0")  # as the original's epochs are written
    if not digits.isdecimal() or int(digits) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text}")
    return -int(digits)


def _default_text(default: Any) -> str:
    if default in (REQUIRED, None, ()):
        return ""
    return f" (default: {' '.join(map(str, default)) if isinstance(default, tuple) else default})"
