"""Values of options: their types, bounds and choices, and their forms in JSON."""

import math
import types
import typing
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
    """Turn a value as JSON holds it into one of the field's type: a path, a tuple.

    Raises:
        TypeError, ValueError: for a value of another type.
    """
    if value is None and type(None) not in typing.get_args(hint):
        raise TypeError("expected a value")
    if hint is bool and not isinstance(value, bool):
        raise TypeError("expected true or false")
    if value is None or hint is bool:
        return value
    kind = element_type(hint)
    return tuple(map(kind, value)) if typing.get_origin(hint) is tuple else kind(value)


def check(field: "Field[Any]", value: Any) -> None:
    """See that a value is one of the field's choices and within its bounds.

    Raises:
        InputError: if it is not.
    """
    within, choices = field.metadata["within"], field.metadata["choices"]
    for single in value if isinstance(value, tuple) else [value]:
        if isinstance(single, str) and not is_unicode(single):
            raise InputError(f"{flag(field.name)}: not UTF-8 text")
        if choices and single is not None and single not in choices:
            raise InputError(f"{flag(field.name)}: expected one of {', '.join(map(str, choices))}, got {single}")
        if within and single is not None and not _lies_in(single, within):
            raise InputError(f"{flag(field.name)}: expected a number in {within}, got {single}")


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written, which words of the command line in other encodings cannot."""
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


def plain(value: Any) -> Any:
    """Turn a value into one that JSON can hold."""
    if isinstance(value, tuple):
        return [plain(single) for single in value]
    return str(value) if isinstance(value, Path) else value
