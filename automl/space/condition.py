"""Conditions: when a hyperparameter is active, written as plain comparisons.

``depth > 1``, ``optimizer == "sgd"``, ``optimizer.isin(["adam", "nadam"])``, joined with ``&``,
``|`` and ``~``. A comparison that reads an inactive hyperparameter is False; ``~`` is pushed down
to the comparisons (De Morgan), so that the negation of one is also False there.
"""

from __future__ import annotations

import json
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

from automl.errors import SpaceError

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, options: value in options,
    "not in": lambda value, options: value not in options,
}
_OPPOSITES = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
}
_MEMBERSHIP = ("in", "not in")
ORDERINGS = frozenset({"<", "<=", ">", ">="})


def spell(value: Any) -> str:
    """A value as it is shown to people: strings in double quotes, tuples in parentheses."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        inner = ", ".join(spell(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float):
        # Nine digits tell any two values apart that a person wrote; 1/3 stays readable.
        short = f"{value:.9g}"
        return short if any(mark in short for mark in ".einf") else f"{short}.0"
    return repr(value)


def is_plain(value: Any) -> bool:
    """Whether the value has a JSON form: text, a finite number, True, False, None, or a tuple."""
    if isinstance(value, tuple):
        return all(map(is_plain, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | bool | int)


def to_tuple(value: Any) -> Any:
    """A JSON value with its lists as tuples, all the way down."""
    if isinstance(value, list | tuple):
        return tuple(to_tuple(part) for part in value)
    return value


def to_list(value: Any) -> Any:
    """A value in its JSON form: tuples as lists, all the way down."""
    if isinstance(value, list | tuple):
        return [to_list(part) for part in value]
    return value


class Condition(ABC):
    """When a hyperparameter is active: a comparison, or several joined with ``&`` and ``|``."""

    @abstractmethod
    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the condition is met.

        Args:
            values: Value of every active hyperparameter, by name; one that is not in it is
                inactive, and each comparison that reads it is False.
        """

    @abstractmethod
    def leaves(self) -> Iterator[Comparison]:
        """The comparisons that the condition is made of, from left to right."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The JSON form: only dictionaries, lists and scalars."""

    @abstractmethod
    def __invert__(self) -> Condition: ...

    @abstractmethod
    def __str__(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the hyperparameters that the condition reads, each once."""
        return tuple(dict.fromkeys(leaf.name for leaf in self.leaves()))

    def __and__(self, other: Any) -> Condition:
        return all_of(self, other)

    def __or__(self, other: Any) -> Condition:
        return AnyOf(_flatten(AnyOf, (self, as_condition(other))))

    def __rand__(self, other: Any) -> Condition:
        return all_of(other, self)

    def __ror__(self, other: Any) -> Condition:
        return AnyOf(_flatten(AnyOf, (as_condition(other), self)))

    def __bool__(self) -> bool:
        raise TypeError(
            f"The condition '{self}' is not true or false by itself; join conditions with &, | "
            "and ~ (each comparison in parentheses) instead of and, or, not or chained comparisons."
        )


@dataclass(frozen=True)
class Comparison(Condition):
    """One hyperparameter compared with a value.

    Attributes:
        name: The hyperparameter's name.
        operator: ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in`` or ``not in``.
        value: What it is compared with; a tuple of values for ``in`` and ``not in``.
    """

    name: str
    operator: str
    value: Any

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the hyperparameter is active and the comparison is met."""
        if self.name not in values:
            return False
        return bool(_OPERATORS[self.operator](values[self.name], self.value))

    def leaves(self) -> Iterator[Comparison]:
        """The comparison itself."""
        yield self

    def to_json(self) -> dict[str, Any]:
        """The JSON form: name, operator and value."""
        return {"name": self.name, "operator": self.operator, "value": to_list(self.value)}

    def __invert__(self) -> Comparison:
        return Comparison(self.name, _OPPOSITES[self.operator], self.value)

    def __str__(self) -> str:
        if isinstance(self.value, bool) and self.operator in ("==", "!="):
            return self.name if self.value is (self.operator == "==") else f"not {self.name}"
        return f"{self.name} {self.operator} {spell(self.value)}"


@dataclass(frozen=True)
class _Joined(Condition):
    """Conditions joined with one sign."""

    parts: tuple[Condition, ...]
    _key: ClassVar[str]
    _word: ClassVar[str]

    def leaves(self) -> Iterator[Comparison]:
        """The comparisons of all parts."""
        return chain.from_iterable(part.leaves() for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """The JSON form: the parts under ``all`` or ``any``."""
        return {self._key: [part.to_json() for part in self.parts]}

    def __str__(self) -> str:
        return f" {self._word} ".join(_enclosed(part) for part in self.parts)


class AllOf(_Joined):
    """Conditions joined with ``&``: met when every part is."""

    _key, _word = "all", "and"

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether every part is met."""
        return all(part.holds(values) for part in self.parts)

    def __invert__(self) -> Condition:
        return AnyOf(_flatten(AnyOf, [~part for part in self.parts]))


class AnyOf(_Joined):
    """Conditions joined with ``|``: met when at least one part is."""

    _key, _word = "any", "or"

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether at least one part is met."""
        return any(part.holds(values) for part in self.parts)

    def __invert__(self) -> Condition:
        return AllOf(_flatten(AllOf, [~part for part in self.parts]))


def _enclosed(part: Condition) -> str:
    """A part's text, in parentheses where it is itself several parts."""
    return str(part) if isinstance(part, Comparison) else f"({part})"


def _flatten(kind: type[AllOf] | type[AnyOf], parts: Iterable[Condition]) -> tuple[Condition, ...]:
    """The parts, with those of the same kind taken apart and repeated ones left out."""
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else [part])
    return tuple(dict.fromkeys(flat))


def all_of(*conditions: Any) -> Condition:
    """Conditions joined with ``&``; a single one stays as it is.

    Args:
        *conditions: Conditions or `Boolean` hyperparameters, at least one.

    Raises:
        SpaceError: One of them is neither.
    """
    parts = _flatten(AllOf, [as_condition(condition) for condition in conditions])
    return parts[0] if len(parts) == 1 else AllOf(parts)


def as_condition(given: Any) -> Condition:
    """A condition from a condition or from a `Boolean` hyperparameter (meaning: it is True).

    Raises:
        SpaceError: It is neither.
    """
    if isinstance(given, Condition):
        return given
    if isinstance(given, Comparable) and given.is_boolean:
        return Comparison(given.name, "==", True)
    raise SpaceError(
        f"A condition must be a comparison such as `depth > 0`, not {given!r}; write one with a "
        "hyperparameter and ==, !=, <, <=, >, >= or .isin([...])."
    )


def condition_from_json(form: Mapping[str, Any]) -> Condition:
    """Rebuilds a condition from its JSON form.

    Raises:
        SpaceError: The form is not one of a condition.
    """
    kinds: dict[str, type[AllOf | AnyOf]] = {"all": AllOf, "any": AnyOf}
    if isinstance(form, Mapping) and len(form) == 1 and (key := next(iter(form))) in kinds:
        parts = form[key]
        if isinstance(parts, list | tuple) and parts:
            return kinds[key](tuple(map(condition_from_json, parts)))
    elif isinstance(form, Mapping) and form.keys() == {"name", "operator", "value"}:
        name, sign, value = form["name"], form["operator"], to_tuple(form["value"])
        known = isinstance(sign, str) and sign in _OPERATORS and isinstance(name, str)
        if known and is_plain(value) and (sign not in _MEMBERSHIP or isinstance(value, tuple)):
            return Comparison(name, sign, value)
    raise SpaceError(
        f"{form!r} is not the JSON form of a condition; expected the keys 'all' or 'any' with a "
        "list of conditions, or 'name', 'operator' and 'value'."
    )


class Comparable:
    """Something with a name whose comparisons are conditions."""

    name: str

    @property
    def is_boolean(self) -> bool:
        """Whether it may stand for the condition that it is True."""
        return False

    def isin(self, values: Iterable[Any]) -> Condition:
        """The condition that its value is one of these.

        Args:
            values: At least one value.

        Raises:
            SpaceError: No value, or a bare string.
        """
        if isinstance(values, str):
            raise SpaceError(
                f"{self.name}.isin({values!r}) needs a list of values; write "
                f"{self.name}.isin([{values!r}])."
            )
        options = tuple(_plain(self.name, value) for value in values)
        if not options:
            raise SpaceError(f"{self.name}.isin() needs at least one value, and none was given.")
        if len(options) == 1:
            return Comparison(self.name, "==", options[0])
        return Comparison(self.name, "in", options)

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]
        return Comparison(self.name, "==", _plain(self.name, value))

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]
        return Comparison(self.name, "!=", _plain(self.name, value))

    def __lt__(self, value: float) -> Condition:
        return Comparison(self.name, "<", _plain(self.name, value))

    def __le__(self, value: float) -> Condition:
        return Comparison(self.name, "<=", _plain(self.name, value))

    def __gt__(self, value: float) -> Condition:
        return Comparison(self.name, ">", _plain(self.name, value))

    def __ge__(self, value: float) -> Condition:
        return Comparison(self.name, ">=", _plain(self.name, value))

    def __and__(self, other: Any) -> Condition:
        return all_of(self, other)

    def __or__(self, other: Any) -> Condition:
        return AnyOf(_flatten(AnyOf, (as_condition(self), as_condition(other))))

    def __invert__(self) -> Condition:
        return ~as_condition(self)

    def __bool__(self) -> bool:
        raise TypeError(
            f"The hyperparameter '{self.name}' is not true or false by itself; write a comparison, "
            "and join conditions with &, | and ~ (each comparison in parentheses)."
        )

    __hash__ = object.__hash__


@dataclass(frozen=True, eq=False)
class Ref(Comparable):
    """A hyperparameter of the space by its name, to write conditions on.

    For one that is not at hand, such as one of a fragment, or of several with one name.

    Args:
        name: The hyperparameter's name.
    """

    name: str


def _plain(name: str, value: Any) -> Any:
    """The value a hyperparameter is compared with, lists as tuples.

    Raises:
        SpaceError: It is not a plain value (another hyperparameter, a condition, ...).
    """
    value = to_tuple(value)
    if not is_plain(value):
        raise SpaceError(
            f"'{name}' is compared with {value!r}; a condition compares a hyperparameter with a "
            "plain value (text, finite number, True, False or None)."
        )
    return value
