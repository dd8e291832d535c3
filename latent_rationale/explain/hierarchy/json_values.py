"""Types of the JSON values of an explanation, checked while a file is read."""

import json
import math
from types import NoneType
from typing import Any, get_args

from latent_rationale.common.utils.values import is_unicode
from latent_rationale.explain.hierarchy.spans import Span

_NAMES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "an integer",
    float: "a finite number",
    bool: "a boolean",
    NoneType: "null",
}


def expect(value: Any, kind: Any) -> Any:
    """Check the type of a JSON value and return it.

    An integer also passes as a float, but a boolean, which is an ``int`` in Python, passes as neither.

    Args:
        value: the value.
        kind: the expected type, or a union of types.

    Raises:
        ValueError: if the value has another type, is NaN or infinite, or is a string with lone surrogates, which UTF-8
            cannot represent.
    """
    kinds = get_args(kind) or (kind,)  # get_args of a plain type is empty, of a union its members
    fits = isinstance(value, kinds + (int,) * (float in kinds)) and (bool in kinds or not isinstance(value, bool))
    odd = (isinstance(value, str) and not is_unicode(value)) or (isinstance(value, float) and not math.isfinite(value))
    if not fits or odd:
        raise ValueError(f"{shown(value)}: expected {' or '.join(_NAMES[kind] for kind in kinds)}")
    return value


def as_float(value: Any) -> float:
    """Convert a JSON number to a float.

    Raises:
        ValueError: for any other value, and for integers that are too large for a float.
    """
    try:
        return float(expect(value, float))
    except OverflowError as error:
        raise ValueError("expected a number within the range of a float") from error


def span_of(row: Any) -> Span:
    """Convert ``[start, end]`` to a span.

    Raises:
        ValueError: for any other value.
    """
    if len(expect(row, list)) != 2:
        raise ValueError(f"{shown(row)}: expected [start, end]")
    start, end = row
    return expect(start, int), expect(end, int)


def shown(value: Any) -> str:
    """Return the beginning of a JSON value, for messages."""
    try:
        return json.dumps(value)[:40]
    except RecursionError:
        return "a value of too many levels"
