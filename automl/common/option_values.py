"""Values that a person gave for an option: of the right type and in range, or one sentence."""

from __future__ import annotations

import math
import numbers
import operator
import os
from collections.abc import Callable, Sequence
from typing import Any

from automl.errors import RequestError

#: Reads what was given for the option of that name, or raises `RequestError`. What it returns it
#: takes as well.
Check = Callable[[str, Any], Any]
#: Whole numbers from here on are none that a run's record holds.
BEYOND = 2**63


def flag_of(name: str) -> str:
    """An argument's name as it is written on the command line: ``--trial-time``."""
    return f"--{name.replace('_', '-')}"


def whole_number(name: str, value: Any, expected: str = "a whole number") -> int:
    """A whole number as Python has it.

    Args:
        name: The argument's name.
        value: What was given; a float without a fraction counts.
        expected: What should be given, for the message.

    Raises:
        RequestError: It is no whole number, or too large to be recorded.
    """
    try:
        whole = operator.index(value) if not _is_plain(value) else int(value)
    except (TypeError, ValueError, OverflowError):
        raise wrong_type(name, value, expected) from None
    if isinstance(value, bool) or whole != value:
        raise wrong_type(name, value, expected)
    if abs(whole) >= BEYOND:
        shown = f"{whole:.3g}" if abs(whole) < 10**300 else "too large"
        raise RequestError(f"{flag_of(name)} is {shown}; it must be below 2^63 (9.2e18).")
    return whole


def finite_number(name: str, value: Any, expected: str = "a number") -> float:
    """A number as Python has it; see `whole_number`.

    Raises:
        RequestError: It is no number, or none that is finite.
    """
    if isinstance(value, bool) or not _is_plain(value):
        raise wrong_type(name, value, expected)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise RequestError(f"{flag_of(name)} is {number:g}; it must be a finite number.")
    return number


def truth(name: str, value: Any) -> bool:
    """A truth value, of Python or NumPy.

    Raises:
        RequestError: It is none: a text such as ``"no"`` would count as true.
    """
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):
        raise wrong_type(name, value, "True or False")
    return bool(value)


def text(name: str, value: Any) -> str:
    """A text.

    Raises:
        RequestError: It is none.
    """
    if not isinstance(value, str):
        raise wrong_type(name, value, "a text")
    return value


def path(name: str, value: Any) -> str | os.PathLike[str]:
    """A path, as it was given.

    Raises:
        RequestError: It is none.
    """
    if not isinstance(value, str | os.PathLike):
        raise wrong_type(name, value, "a path")
    return value


def at_least(least: int) -> Check:
    """A check for whole numbers from ``least`` on."""

    def check(name: str, value: Any) -> int:
        number = whole_number(name, value)
        if number < least:
            raise RequestError(f"{flag_of(name)} is {number}; it must be at least {least}.")
        return number

    return check


def not_negative(name: str, value: Any) -> float:
    """A number from 0 on.

    Raises:
        RequestError: It is another one, or none.
    """
    number = finite_number(name, value)
    if number < 0:
        raise RequestError(f"{flag_of(name)} is {number:g}; it must not be negative.")
    return number


def one_of(known: Sequence[str]) -> Check:
    """A check for one of a few names."""

    def check(name: str, value: Any) -> str:
        if text(name, value) not in known:
            raise RequestError(
                f"There is no {flag_of(name)} {value}; choose {', '.join(known[:-1])} or "
                f"{known[-1]}."
            )
        return str(value)

    return check


def of_types(expected: str, *types: type) -> Check:
    """A check for values of some types that are no truth values.

    Args:
        expected: What should be given, for the message.
        types: The types.
    """

    def check(name: str, value: Any) -> Any:
        if not isinstance(value, types) or isinstance(value, bool):
            raise wrong_type(name, value, expected)
        return value

    return check


def _is_plain(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def wrong_type(name: str, value: Any, expected: str) -> RequestError:
    """The error for a value of another type than expected."""
    shown = f"{value!r:.60}"
    return RequestError(f"{name} is {shown}, of the type {type(value).__name__}; give {expected}.")
