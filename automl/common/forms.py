"""JSON forms that are read from files: whether they are as they were written, and what they say."""

from __future__ import annotations

import functools
import hashlib
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any

#: The key of a JSON object under which its checksum stands.
SEAL = "sha256"
#: Whole numbers beyond are none that this package writes.
MOST = 2**63
#: What Python's numbers with a decimal point reach.
LARGEST = 1.7e308

# Says what is wrong with a value, or returns None.
Checker = Callable[[Any], str | None]


def check_form(kind: type, form: Any, *, extra: Sequence[str] = ()) -> None:
    """Checks that a JSON value has the keys and the types of values of a dataclass.

    Args:
        kind: The dataclass; the types are those of its annotations. JSON's lists may stand for
            sequences and tuples, whole numbers for floats, texts for enumerations.
        form: The value as JSON gave it.
        extra: Further keys that it may have.

    Raises:
        ValueError: With what is wrong, such as ``"epochs is '3', no whole number"``.
    """
    if extra and isinstance(form, dict):
        form = {key: value for key, value in form.items() if key not in extra}
    problem = _checker(kind)(form)
    if problem is not None:
        raise ValueError(problem)


@functools.cache
def _checker(kind: Any) -> Checker:
    """The checker of an annotation, put together once."""
    if kind is Any:
        return lambda _: None
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _any_of([_checker(part) for part in parts])
    if origin is tuple or (origin is not None and issubclass(origin, Sequence)):
        if origin is tuple and len(parts) == 2 and parts[1] is not Ellipsis:
            return _list_of([_checker(part) for part in parts])
        return _sequence_of(_checker(parts[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_of(_checker(parts[1]))
    if is_dataclass(kind):
        return _dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = {member.value for member in kind}
        return lambda v: None if isinstance(v, str) and v in values else _is(v, kind.__name__)
    return _scalar(kind)


def _is(value: Any, expected: str) -> str:
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else "of another type"
    return f"is {shown}, no {expected}"


def _scalar(kind: Any) -> Checker:
    if kind is float:
        return _float
    if kind is int:
        return lambda v: None if type(v) is int and -MOST <= v < MOST else _is(v, "whole number")
    if kind is type(None):
        return lambda v: None if v is None else _is(v, "null")
    names = {str: "text", bool: "true or false"}
    return lambda v: None if type(v) is kind else _is(v, names.get(kind, str(kind)))


def _float(value: Any) -> str | None:
    if type(value) is float or (type(value) is int and -LARGEST < value < LARGEST):
        return None
    return _is(value, "number")


def _any_of(checkers: Sequence[Checker]) -> Checker:
    def check(value: Any) -> str | None:
        problems = []
        for checker in checkers:
            problem = checker(value)
            if problem is None:
                return None
            problems.append(problem)
        return problems[0]

    return check


def _sequence_of(checker: Checker) -> Checker:
    def check(value: Any) -> str | None:
        if type(value) not in (list, tuple):
            return _is(value, "list")
        for index, part in enumerate(value):
            problem = checker(part)
            if problem is not None:
                return f"[{index}] {problem}"
        return None

    return check


def _list_of(checkers: Sequence[Checker]) -> Checker:
    def check(value: Any) -> str | None:
        if type(value) not in (list, tuple) or len(value) != len(checkers):
            return _is(value, f"list of {len(checkers)}")
        problems = (checker(part) for checker, part in zip(checkers, value, strict=True))
        return next((problem for problem in problems if problem is not None), None)

    return check


def _mapping_of(checker: Checker) -> Checker:
    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return _is(value, "object")
        for key, part in value.items():
            problem = checker(part)
            if problem is not None:
                return f"{key} {problem}"
        return None

    return check


def _dataclass(kind: Any) -> Checker:
    hints = typing.get_type_hints(kind)
    known: Sequence[Field[Any]] = fields(kind)
    checkers = {field.name: _checker(hints[field.name]) for field in known if field.init}
    needed = [
        field.name
        for field in known
        if field.init and field.default is MISSING and field.default_factory is MISSING
    ]

    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return _is(value, "object")
        for name in needed:
            if name not in value:
                return f"{name} is missing"
        for key, part in value.items():
            checker = checkers.get(key)
            if checker is None:
                return f"{key} is unknown"
            problem = checker(part)
            if problem is not None:
                return f"{key} {problem}"
        return None

    return check


def sealed(form: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with one more key, `SEAL`: the SHA-256 of the others with their values.

    Args:
        form: Only dictionaries, lists and scalars, all numbers finite.
    """
    plain = {key: value for key, value in form.items() if key != SEAL}
    return {**plain, SEAL: _digest(plain)}


def unsealed(form: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object without its seal, which is compared with its content.

    Args:
        form: As `sealed` made it and JSON gave it back; one without a seal is taken as it is.

    Raises:
        ValueError: Something in it was changed.
    """
    plain = {key: value for key, value in form.items() if key != SEAL}
    if SEAL in form and form[SEAL] != _digest(plain):
        raise ValueError("it was changed after it was written")
    return plain


def _digest(form: Mapping[str, Any]) -> str:
    # Keys are sorted, and JSON writes a number that it has read as it was.
    text = json.dumps(form, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
