"""Conversion and checks of the values of options."""

import types
import typing
from collections.abc import Iterable
from dataclasses import Field
from pathlib import Path
from typing import Any

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import flag


def element_type(hint: Any) -> Any:
    """Return the type of one value: ``float`` for ``float | None`` and for ``tuple[float, ...]``."""
    if typing.get_origin(hint) in (types.UnionType, tuple):
        return typing.get_args(hint)[0]
    return hint


def convert(hint: Any, value: Any) -> Any:
    """Convert a JSON value to the type of a field, such as a path or a tuple. A tuple may be given as its only value.

    Args:
        hint: type of the field.
        value: the value.

    Raises:
        TypeError, ValueError: if the value has the wrong type.
    """
    if value is None and type(None) not in typing.get_args(hint):
        raise TypeError("expected a value")
    if hint is bool and not isinstance(value, bool):
        raise TypeError("expected true or false")
    if value is None or hint is bool:
        return value
    kind = element_type(hint)
    if typing.get_origin(hint) is not tuple:
        return kind(value)
    # A string is one value, not a sequence of characters. Options that take several values once took one.
    several = isinstance(value, Iterable) and not isinstance(value, str)
    return tuple(map(kind, value if several else [value]))


def check(field: "Field[Any]", value: Any) -> None:
    """Check that a value is one of the choices of a field and within its bounds.

    Raises:
        InputError: if it is not.
    """
    within, choices, alone = (field.metadata[key] for key in ("within", "choices", "alone"))
    if alone and isinstance(value, tuple) and alone in value and len(value) > 1:
        raise InputError(f"{flag(field.name)}: {alone} cannot be combined with other values")
    for single in value if isinstance(value, tuple) else [value]:
        if isinstance(single, str) and not is_unicode(single):
            raise InputError(f"{flag(field.name)}: not UTF-8 text")
        if choices and single is not None and single not in choices:
            raise InputError(f"{flag(field.name)}: expected one of {', '.join(map(str, choices))}, got {single}")
        if within and single is not None and not _lies_in(single, within):
            raise InputError(f"{flag(field.name)}: expected a number in {within}, got {single}")


def is_unicode(text: str) -> bool:
    """Tell whether a text can be encoded as UTF-8; arguments of the command line in another encoding cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _lies_in(number: float, interval: str) -> bool:
    """Tell whether a number lies in an interval such as ``(0, 1]`` or ``[1, inf)``."""
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = number >= low if interval[0] == "[" else number > low
    below = number <= high if interval[-1] == "]" else number < high
    return above and below  # false for NaN, which compares with nothing


def plain(value: Any) -> Any:
    """Convert a value to a JSON value."""
    if isinstance(value, tuple):
        return [plain(single) for single in value]
    return str(value) if isinstance(value, Path) else value
