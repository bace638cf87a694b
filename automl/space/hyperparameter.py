"""What every kind of hyperparameter shares: name, default, condition, JSON form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from automl.errors import SpaceError
from automl.space.condition import (
    Comparable,
    Condition,
    as_condition,
    is_plain,
    spell,
    to_list,
    to_tuple,
)

if TYPE_CHECKING:
    import numpy as np


class Unset(Enum):
    """The mark of an argument that was not given, where None is a value."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset.UNSET


@dataclass(frozen=True, eq=False)
class Hyperparameter(Comparable, ABC):
    """What all kinds share: a name, a default and the condition under which it is active.

    Attributes:
        name: Under which a configuration holds its value.
        default: The value in the space's default configuration.
        when: The condition under which it is active; None means always.
        otherwise: What ``config.name`` gives while it is inactive; without it, reading raises.
        help: What it is, in a few words.
        source: Where its range and default come from.
        label: Tells several hyperparameters with one name apart in Optuna's record.
    """

    kind: ClassVar[str] = ""

    name: str
    _: KW_ONLY
    default: Any = UNSET
    when: Condition | Comparable | None = None
    otherwise: Any = UNSET
    help: str = ""
    source: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.when is not None:
            object.__setattr__(self, "when", as_condition(self.when))
        for word in ("label", "help", "source"):
            if not isinstance(getattr(self, word), str):
                raise SpaceError(
                    f"{word} of {self.called} must be text, not {getattr(self, word)!r}."
                )
        if self.otherwise is not UNSET:
            object.__setattr__(self, "otherwise", to_tuple(self.otherwise))
            if not is_plain(self.otherwise):
                raise SpaceError(
                    f"{self.called} has the otherwise {self.otherwise!r}; expected text, a finite "
                    "number, True, False, None or a tuple of them."
                )
        self.check_range()
        if self.default is UNSET or (self.default is None and not self.contains(None)):
            object.__setattr__(self, "default", self.standard_default())
        try:
            object.__setattr__(self, "default", self.check(self.default))
        except SpaceError:
            raise SpaceError(
                f"The default {spell(to_tuple(self.default))} of {self.called} is outside its "
                f"range ({self.values_text}); choose one inside."
            ) from None

    @property
    def called(self) -> str:
        """Kind and name, for messages."""
        return f"{type(self).__name__} '{self.name}'"

    @property
    def condition(self) -> Condition | None:
        """The condition under which it is active; None means always."""
        return None if self.when is None else as_condition(self.when)

    @property
    def key(self) -> str:
        """Its name in Optuna's record: ``learning_rate``, or ``learning_rate[sgd]``."""
        return f"{self.name}[{self.label}]" if self.label else self.name

    def active(self, values: Mapping[str, Any]) -> bool:
        """Whether it is active beside these values of the active hyperparameters."""
        condition = self.condition
        return condition is None or condition.holds(values)

    @property
    @abstractmethod
    def size(self) -> int | float:
        """How many values it may take; infinite for a float without a step."""

    @property
    @abstractmethod
    def values_text(self) -> str:
        """Its values as they are shown to people, such as ``16..512, step 16, log``."""

    @abstractmethod
    def check(self, value: Any) -> Any:
        """The value in its own type.

        Raises:
            SpaceError: It is of another type or out of range.
        """

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Any:
        """A value drawn at random: uniformly, or uniformly in the logarithm where ``log``."""

    @abstractmethod
    def grid_values(self, points: int | None = None) -> Iterator[Any]:
        """Its values in order; of a continuous one, ``points`` of them evenly spaced.

        Raises:
            SpaceError: It is continuous and ``points`` is not given.
        """

    @abstractmethod
    def check_range(self) -> None:
        """Raises SpaceError where the declaration contradicts itself."""

    @abstractmethod
    def standard_default(self) -> Any:
        """The default of a declaration that names none."""

    @abstractmethod
    def domain_json(self) -> dict[str, Any]:
        """What is particular to the kind, in JSON."""

    def contains(self, value: Any) -> bool:
        """Whether the value is one that it may take."""
        try:
            self.check(value)
        except SpaceError:
            return False
        return True

    def refuse(self, value: Any) -> SpaceError:
        """The error for a value that is not one of its own."""
        return SpaceError(
            f"{spell(to_tuple(value))} is not a value of '{self.name}'; expected "
            f"{_EXPECTED[self.kind]} {self.values_text}."
        )

    def to_json(self) -> dict[str, Any]:
        """The JSON form: only dictionaries, lists and scalars."""
        form: dict[str, Any] = {"kind": self.kind, "name": self.name, **self.domain_json()}
        form["default"] = to_list(self.default)
        condition = self.condition
        form["when"] = None if condition is None else condition.to_json()
        if self.otherwise is not UNSET:
            form["otherwise"] = to_list(self.otherwise)
        for key in ("label", "help", "source"):
            if getattr(self, key):
                form[key] = getattr(self, key)
        return form


_EXPECTED = {"int": "an integer", "float": "a number", "choice": "one of", "boolean": "one of"}


def _check_name(name: Any) -> None:
    """Raises SpaceError for a name that a configuration or the command line could not use."""
    if not isinstance(name, str) or not name or name != name.strip() or not name.isprintable():
        raise SpaceError(f"{name!r} cannot name a hyperparameter; expected printable text.")
    if name.startswith("_") or any(mark in name for mark in "=[],"):
        raise SpaceError(
            f"{name!r} cannot name a hyperparameter; use a name without a leading underscore and "
            "without =, comma and brackets."
        )
