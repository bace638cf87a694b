"""Hyperparameters that are one of several options: choices and booleans."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from automl.errors import SpaceError
from automl.space.condition import spell, to_list, to_tuple
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import is_number

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class Choice(Hyperparameter):
    """One of several options.

    Args:
        name: Its name in a configuration.
        options: Text, numbers, True, False, None, or tuples of them.
        default: Option in the default configuration; the first if not given.
        when: Condition under which it is active.
        otherwise: What ``config.name`` gives while it is inactive.
        help: What it is.
        source: Where options and default come from.

    Raises:
        SpaceError: The declaration contradicts itself.
    """

    kind: ClassVar[str] = "choice"

    options: Sequence[Any]

    @property
    def size(self) -> int:
        """How many options there are."""
        return len(self.options)

    @property
    def values_text(self) -> str:
        """Its options, separated by commas."""
        return ", ".join(spell(option).strip('"') for option in self.options)

    @property
    def is_numeric(self) -> bool:
        """Whether every option is a number, so that options have an order."""
        return all(is_number(option) for option in self.options)

    def check(self, value: Any) -> Any:
        """The option that equals the value (see `Hyperparameter.check`)."""
        value = to_tuple(value)
        for option in self.options:
            # True == 1 in Python; here they are different answers.
            if isinstance(option, bool) == isinstance(value, bool) and option == value:
                return option
        raise self.refuse(value)

    def sample(self, rng: np.random.Generator) -> Any:
        """An option drawn at random, each with the same probability."""
        return self.options[int(rng.integers(len(self.options)))]

    def grid_values(self, points: int | None = None) -> Iterator[Any]:
        """All options, in order."""
        yield from self.options

    def check_range(self) -> None:
        """Checks the declaration (see `Hyperparameter.check_range`)."""
        if isinstance(self.options, str | bytes) or not isinstance(self.options, Sequence):
            raise SpaceError(f"The options of {self.called} must be a list, not {self.options!r}.")
        options: tuple[Any, ...] = to_tuple(list(self.options))
        object.__setattr__(self, "options", options)
        if not options:
            raise SpaceError(f"{self.called} has no options; give at least one.")
        for index, option in enumerate(options):
            _check_option(self.called, option)
            if option in options[:index]:
                raise SpaceError(f"{self.called} has the option {spell(option)} twice; drop one.")

    def standard_default(self) -> Any:
        """The default of a declaration that names none."""
        return self.options[0]

    def domain_json(self) -> dict[str, Any]:
        """What is particular to the kind, in JSON."""
        return {"options": to_list(self.options)}


@dataclass(frozen=True, eq=False)
class Boolean(Choice):
    """False or True; as a condition it stands for being True.

    Args:
        name: Its name in a configuration.
        default: False or True in the default configuration; False if not given.
        when: Condition under which it is active.
        otherwise: What ``config.name`` gives while it is inactive.
        help: What it is.
        source: Where the default comes from.

    Raises:
        SpaceError: The default is neither False nor True.
    """

    kind: ClassVar[str] = "boolean"

    options: Sequence[Any] = field(default=(False, True), kw_only=True)

    @property
    def is_boolean(self) -> bool:
        """Whether it may stand for the condition that it is True: yes."""
        return True


def _check_option(called: str, option: Any) -> None:
    """Raises SpaceError for an option without a JSON form."""
    for part in option if isinstance(option, tuple) else (option,):
        if isinstance(part, tuple):
            _check_option(called, part)
        elif not isinstance(part, str | int | float | bool | None) or (
            isinstance(part, float) and not math.isfinite(part)
        ):
            raise SpaceError(
                f"{called} has the option {part!r}; options are text, finite numbers, True, False, "
                "None or tuples of them."
            )
