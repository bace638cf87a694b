"""Values that a person gave for an option: of the right type and in range, or one sentence."""

from __future__ import annotations

import errno
import math
import numbers
import operator
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from automl.errors import RequestError

#: Reads what was given for the option of that name, or raises `RequestError`. What it returns it
#: takes as well.
Check = Callable[[str, Any], Any]
#: Whole numbers from here on are none that a run's record holds.
BEYOND = 2**63
#: Bytes that no machine has, in place of numbers beyond.
LARGEST_SIZE = 2.0**62
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


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


def path_text(name: str, value: Any) -> str:
    """A path as a text.

    Raises:
        RequestError: It is none.
    """
    return str(path(name, value))


def named_place(name: str, value: Any) -> Path:
    """A path that the system can look at, whether there is anything or not.

    Raises:
        RequestError: It is none, or such as no file can have.
    """
    try:
        os.lstat(path(name, value))
    except ValueError as error:
        raise RequestError(f"{name} is {str(value)!r:.60}, no path ({error}).") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise RequestError(f"{name} is {str(value)!r:.60}..., too long for a path.") from error
    return Path(value)


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


def above_zero_seconds(name: str, value: Any) -> float:
    """Seconds above zero, of a number or of a text such as ``90``, ``10m``, ``1.5h`` or ``1h30m``.

    Raises:
        RequestError: It is neither, or not above zero.
    """
    seconds = value
    if isinstance(value, str):
        text = value.strip().lower()
        parts = _DURATION.findall(text)
        if "".join(number + unit for number, unit in parts) != text or not parts:
            raise RequestError(
                f"{flag_of(name)} is {value!r:.60}, no duration; write it like 90s, 10m, 1.5h or "
                "1h30m."
            )
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    seconds = finite_number(name, seconds, "seconds as a number, or a text such as '10m'")
    if not seconds > 0:
        raise RequestError(f"{flag_of(name)} is {seconds:g} s; it must be above zero.")
    return seconds


def above_zero_bytes(name: str, value: Any) -> int:
    """Bytes of a whole number, or of a text such as ``500M``, ``4G`` or ``1.5 GB``.

    Each unit is 1,024 of the one before.

    Raises:
        RequestError: It is neither, or not above zero.
    """
    size = value
    if isinstance(value, str):
        found = _SIZE.fullmatch(value.strip().lower())
        if found is None:
            raise RequestError(
                f"{flag_of(name)} is {value!r:.60}, no size; write it like 500M, 4G or 1.5G."
            )
        size = int(_in_units(found, 1024))
    size = whole_number(name, size, "bytes as a whole number, or a text such as '4G'")
    if size <= 0:
        raise RequestError(f"{flag_of(name)} is {value}; it must be above zero, such as 500M.")
    return size


def above_zero_count(name: str, value: Any) -> int:
    """A count of a whole number, or of a text such as ``500k``, ``2M`` or ``1.5G``.

    Each unit is 1,000 of the one before.

    Raises:
        RequestError: It is neither, or not above zero.
    """
    count = value
    if isinstance(value, str):
        found = _COUNT.fullmatch(value.strip().replace(",", "").replace("_", ""))
        if found is None:
            raise RequestError(
                f"{flag_of(name)} is {value!r:.60}, no number; write it like 500000, 500k, 2M or "
                "1.5G."
            )
        count = round(_in_units(found, 1000))
    number = whole_number(name, count)
    if number < 1:
        raise RequestError(f"{flag_of(name)} is {value}; it must be above zero.")
    return number


def _in_units(found: re.Match[str], step: int) -> float:
    """The number that was read, each of whose units is ``step`` of the one before."""
    return min(float(found[1]), LARGEST_SIZE) * float(step) ** " kmgt".index(
        found[2].lower() or " "
    )


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
