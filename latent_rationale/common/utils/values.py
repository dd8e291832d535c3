"""Conversion and checks of the values of options."""

import os
import types
import typing
from dataclasses import Field
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import flag


def element_type(hint: Any) -> Any:
    """Return the type of one value: ``float`` for ``float | None`` and for ``tuple[float, ...]``."""
    if typing.get_origin(hint) in (types.UnionType, tuple):
        return typing.get_args(hint)[0]
    return hint


_JSON_TYPES: dict[Any, tuple[type, ...]] = {
    bool: (bool,),
    int: (Integral,),
    float: (Real,),
    str: (str, os.PathLike),
    Path: (str, os.PathLike),
}
"""Types of the values that each type of an option can be made of."""


def convert(hint: Any, value: Any) -> Any:
    """Convert a JSON value to the type of a field, such as a path or a tuple. A tuple may be given as its only value.

    Args:
        hint: type of the field.
        value: the value.

    Raises:
        TypeError, OverflowError: if the value has the wrong type, or is too large a number for a float.
    """
    if value is None and type(None) in typing.get_args(hint):
        return None
    kind = element_type(hint)
    if typing.get_origin(hint) is not tuple:
        return _convert_single(kind, value)
    if isinstance(value, str | os.PathLike):  # options that take several files or names once took one
        value = [value]
    if not isinstance(value, list | tuple):
        raise TypeError("expected a list")
    return tuple(_convert_single(kind, single) for single in value)


def _convert_single(kind: Any, value: Any) -> Any:
    """Convert one value to the type of an option; numbers in text, and true or false as numbers, are refused."""
    if not isinstance(value, _JSON_TYPES[kind]) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"expected {kind.__name__}")
    return kind(value)


def shorten(text: str, longest: int = 60) -> str:
    """Return a text for an error message, cut off if it is long."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def check(field: "Field[Any]", value: Any) -> None:
    """Check that a value is one of the choices of a field and within its bounds.

    Raises:
        InputError: if it is not.
    """
    within, choices, alone = (field.metadata[key] for key in ("within", "choices", "alone"))
    if alone and isinstance(value, tuple) and alone in value and len(value) > 1:
        raise InputError(f"{flag(field.name)}: {alone} cannot be combined with other values")
    for single in value if isinstance(value, tuple) else [value]:
        if single is None:
            continue
        shown = shorten(str(single))
        if isinstance(single, str | Path) and not is_unicode(str(single)):
            raise InputError(f"{flag(field.name)}: not UTF-8 text")
        if isinstance(single, Path) and "\0" in str(single):
            raise InputError(f"{flag(field.name)}: no file name holds the character NUL")
        if choices and single not in choices:
            raise InputError(f"{flag(field.name)}: expected one of {', '.join(map(str, choices))}, got {shown}")
        if within and not _lies_in(single, within):
            raise InputError(f"{flag(field.name)}: expected a number in {within}, got {shown}")


def is_unicode(text: str) -> bool:
    """Tell whether a text can be encoded as UTF-8; arguments of the command line in another encoding cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_unicode(argument: str) -> str:
    """Return an argument of the command line as text.

    Python decodes arguments in the encoding of the locale. If that fails, as in the locale C, they are taken for UTF-8.
    """
    if is_unicode(argument):
        return argument
    return os.fsencode(argument).decode(errors="surrogateescape")


def _lies_in(number: float, interval: str) -> bool:
    """Tell whether a number lies in an interval such as ``(0, 1]`` or ``[1, 1e9]``."""
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = number >= low if interval[0] == "[" else number > low
    below = number <= high if interval[-1] == "]" else number < high
    return above and below  # false for NaN, which compares with nothing


def plain(value: Any) -> Any:
    """Convert a value to a JSON value; paths have slashes, which all systems understand."""
    if isinstance(value, tuple):
        return [plain(single) for single in value]
    return value.as_posix() if isinstance(value, Path) else value
