"""A command's options: one dataclass, its flags, its JSON, and the errors between them. The only user of argparse."""

import argparse
import dataclasses
import math
import types
import typing
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from latent_rationale.common.utils.errors import InputError

T = TypeVar("T")

REQUIRED: Any = dataclasses.MISSING
"""The default of an option that the user must give."""


def option(
    default: Any,
    text: str,
    within: str = "",
    choices: Iterable[Any] = (),
    negated: Iterable[str] = (),
    also: Iterable[str] = (),
) -> Any:
    """A field of an options class.

    Args:
        default: its value unless the user says otherwise, or ``REQUIRED``.
        text: what ``-h`` says about it.
        within: the interval that a number must lie in, as in ``(0, 1]``.
        choices: the values that are allowed.
        negated: other flags for it, which take a whole number from 1 and stand for its negative.
        also: other names that it goes by.
    """
    metadata = {
        "text": text,
        "within": within,
        "choices": tuple(choices),
        "negated": tuple(negated),
        "also": tuple(also),
    }
    return dataclasses.field(default=default, metadata=metadata)


def inherited(
    kind: Any, name: str, default: Any, text: str = "", negated: Iterable[str] = (), also: Iterable[str] = ()
) -> Any:
    """The option ``name`` of a base class, with another default, and another text for ``-h`` or names if there are."""
    (field,) = (field for field in dataclasses.fields(kind) if field.name == name)
    changes = {"text": text, "negated": tuple(negated), "also": tuple(also)}
    return dataclasses.field(
        default=default, metadata={**field.metadata, **{key: value for key, value in changes.items() if value}}
    )


def parse(
    kind: type[T], arguments: Sequence[str], program: str, about: str, hidden: Collection[str] = ()
) -> tuple[T, dict[str, Any]]:
    """Options from the command line, and those among them that the user named.

    ``-`` and ``_`` are the same in a flag; abbreviations and unknown flags are refused.

    Args:
        kind: the class of the options.
        arguments: the command line.
        program: its name, for messages.
        about: what ``-h`` says of the program.
        hidden: options that ``-h`` does not speak of.

    Raises:
        InputError: if a flag or its value cannot be used.
    """
    parser = _Parser(prog=program, description=about, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(typing.cast(Any, kind)):
        _add(parser, field, hints[field.name], field.name in hidden)
    named = vars(parser.parse_args([_with_hyphens(argument) for argument in arguments]))
    return make(kind, named), named


def make(kind: type[T], values: dict[str, Any]) -> T:
    """Options from a dictionary, such as ``config.json`` holds.

    Raises:
        InputError: for an unknown name, or a value of another type or outside its bounds.
    """
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(typing.cast(Any, kind))}
    converted = {}
    for name, value in values.items():
        if name not in fields:
            raise InputError(f"unknown option {flag(name)}")
        try:
            converted[name] = _convert(hints[name], value)
        except (TypeError, ValueError) as error:
            raise InputError(f"{flag(name)}: {value!r} is of another type") from error
        _check(fields[name], converted[name])
    return kind(**converted)


def help_of(kind: type[Any], name: str) -> str:
    """What ``-h`` says about an option."""
    (field,) = (field for field in dataclasses.fields(kind) if field.name == name)
    return str(field.metadata["text"])


def flag(name: str) -> str:
    """A field's name as a user types it."""
    return "--" + name.replace("_", "-")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} -h)")


def _with_hyphens(argument: str) -> str:
    name, equals, value = argument.partition("=")
    return name.replace("_", "-") + equals + value if argument.startswith("--") else argument


def _add(parser: argparse.ArgumentParser, field: "dataclasses.Field[Any]", hint: Any, hidden: bool) -> None:
    text, within, choices, negated = (field.metadata[key] for key in ("text", "within", "choices", "negated"))
    names = [flag(name) for name in (field.name, *field.metadata["also"])]
    if hint is bool:
        help = argparse.SUPPRESS if hidden else text
        parser.add_argument(*names, dest=field.name, action="store_true", help=help)
        return
    kind = _element_type(hint)
    group: argparse._ActionsContainer = parser
    if negated:
        group = parser.add_mutually_exclusive_group()
        same = f"the same as {flag(field.name)} -N"
        group.add_argument(*map(flag, negated), dest=field.name, type=_negative, metavar="N", help=same)
    shown = f"{text}{', in ' + within if within else ''}{_default_text(field.default)}".replace("%", "%%")
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


def _element_type(hint: Any) -> Any:
    """The type of one value: ``float`` for ``float | None`` and for ``tuple[float, ...]``."""
    if typing.get_origin(hint) in (types.UnionType, tuple):
        return typing.get_args(hint)[0]
    return hint


def _convert(hint: Any, value: Any) -> Any:
    """What JSON holds as what the field holds: a path, a tuple."""
    if value is None and type(None) not in typing.get_args(hint):
        raise TypeError("expected a value")
    if value is None or hint is bool:
        return value
    kind = _element_type(hint)
    return tuple(map(kind, value)) if typing.get_origin(hint) is tuple else kind(value)


def _check(field: "dataclasses.Field[Any]", value: Any) -> None:
    within, choices = field.metadata["within"], field.metadata["choices"]
    for single in value if isinstance(value, tuple) else [value]:
        if isinstance(single, str) and not is_unicode(single):
            raise InputError(f"{flag(field.name)}: not UTF-8 text")
        if choices and single is not None and single not in choices:
            raise InputError(f"{flag(field.name)}: expected one of {', '.join(map(str, choices))}, got {single}")
        if within and single is not None and not _lies_in(single, within):
            raise InputError(f"{flag(field.name)}: expected a number in {within}, got {single}")


def is_unicode(text: str) -> bool:
    """Whether a text can be written; what the command line holds of other encodings cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _lies_in(number: float, interval: str) -> bool:
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = number >= low if interval[0] == "[" else number > low
    below = number <= high if interval[-1] == "]" else number < high
    return above and below and not math.isnan(number)


def to_json(options: Any) -> dict[str, Any]:
    """Options as what JSON can hold."""
    return {name: _plain(value) for name, value in dataclasses.asdict(options).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(single) for single in value]
    return str(value) if isinstance(value, Path) else value
