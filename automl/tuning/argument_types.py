"""Numbers and words that a person gave in Python: of the right type, or refused in a sentence."""

from __future__ import annotations

import math
import numbers
import operator
import os
from collections.abc import Mapping
from typing import Any

from automl.errors import RequestError

#: Whole numbers from here on are none that a run's record holds.
BEYOND = 2**63

WHOLE = ("trials", "epochs", "patience", "executions_per_trial", "workers", "keep_models", "seed")
FLOATS = ("min_delta", "goal")
DURATIONS = ("time", "trial_time", "grace")
SIZES = ("memory_per_worker", "max_disk")
WORDS = ("engine", "address", "device", "direction", "storage", "study")
#: Arguments that have no value of their own to stand for "as usual".
NEEDED = ("min_delta", "executions_per_trial", "engine", "device", "seed")


def checked_types(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Checks the types of plain values, and makes NumPy's numbers Python's.

    Args:
        asked: Arguments of `automl.search` or `automl.Run.resume` by their names; those that are
            neither numbers nor words are left as they are.

    Returns:
        The same with plain numbers.

    Raises:
        RequestError: A value is of another type, or a number too large to be recorded.
    """
    return {name: _checked(name, value) for name, value in asked.items()}


def _checked(name: str, value: Any) -> Any:
    if value is None and name not in NEEDED:
        return None
    if name in WHOLE:
        return whole_number(name, value)
    if name in FLOATS:
        return _number(name, value, "a number")
    if name in DURATIONS and not isinstance(value, str):
        return _number(name, value, "seconds as a number, or a text such as '10m'")
    if name in SIZES and not isinstance(value, str):
        return whole_number(name, value, "bytes as a whole number, or a text such as '4G'")
    if name in WORDS and not isinstance(value, str):
        raise _wrong(name, value, "a text")
    if name == "directory" and not isinstance(value, str | os.PathLike):
        raise _wrong(name, value, "a path")
    return value


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
        raise _wrong(name, value, expected) from None
    if isinstance(value, bool) or whole != value:
        raise _wrong(name, value, expected)
    if abs(whole) >= BEYOND:
        shown = f"{whole:.3g}" if abs(whole) < 10**300 else "too large"
        raise RequestError(f"{_option(name)} is {shown}; it must be below 2^63 (9.2e18).")
    return whole


def _is_plain(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _number(name: str, value: Any, expected: str) -> float:
    try:
        number = float(value) if _is_plain(value) else math.nan
    except OverflowError:
        number = math.inf
    if isinstance(value, bool) or not _is_plain(value):
        raise _wrong(name, value, expected)
    if not math.isfinite(number):
        raise RequestError(f"{_option(name)} is {number:g}; it must be a finite number.")
    return number


def _option(name: str) -> str:
    return name if name.startswith("-") else f"--{name.replace('_', '-')}"


def _wrong(name: str, value: Any, expected: str) -> RequestError:
    shown = f"{value!r:.60}"
    return RequestError(f"{name} is {shown}, of the type {type(value).__name__}; give {expected}.")
