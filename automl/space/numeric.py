"""Hyperparameters that are numbers: integers and floats from a range."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from automl.errors import SpaceError
from automl.space.condition import spell
from automl.space.hyperparameter import Hyperparameter

if TYPE_CHECKING:
    import numpy as np


#: Whole numbers up to here are exact in Optuna's floating-point arithmetic.
MOST_STEPS = 2**53
#: Beyond, the distance between two bounds may have no floating-point number.
LARGEST_FLOAT = 1e300


@dataclass(frozen=True, eq=False)
class Int(Hyperparameter):
    """An integer from a range.

    Args:
        name: Its name in a configuration.
        low: Least value.
        high: Greatest value (included where it is a whole number of steps from ``low``).
        step: Distance between values.
        log: Sample uniformly in the logarithm; needs ``low`` of at least 1.
        default: Value in the default configuration; the middle of the range if not given.
        when: Condition under which it is active.
        otherwise: What ``config.name`` gives while it is inactive.
        help: What it is.
        source: Where range and default come from.

    Raises:
        SpaceError: The declaration contradicts itself.
    """

    kind: ClassVar[str] = "int"

    low: int
    high: int
    _: KW_ONLY
    step: int = 1
    log: bool = False

    @property
    def size(self) -> int:
        """How many values it may take."""
        return (self.high - self.low) // self.step + 1

    @property
    def values_text(self) -> str:
        """Its range, such as ``16..512, step 16, log``."""
        if self.size == 1:
            return str(self.low)
        step = f", step {self.step}" if self.step != 1 else ""
        return f"{self.low}..{self.high}{step}{', log' if self.log else ''}"

    def snap(self, value: float) -> int:
        """The nearest value that it may take."""
        index = round((value - self.low) / self.step)
        return self.low + self.step * min(max(index, 0), self.size - 1)

    def check(self, value: Any) -> int:
        """The value as an int (see `Hyperparameter.check`)."""
        if not is_number(value) or value != math.floor(value):
            raise self.refuse(value)
        whole = int(value)
        if not self.low <= whole <= self.high or (whole - self.low) % self.step:
            raise self.refuse(value)
        return whole

    def sample(self, rng: np.random.Generator) -> int:
        """A value drawn at random (see `Hyperparameter.sample`)."""
        if not self.log:
            return self.low + self.step * int(rng.integers(self.size))
        # Half a unit on either side gives the two ends their full share, as Optuna does it.
        drawn = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return self.snap(min(max(round(drawn), self.low), self.high))

    def grid_values(self, points: int | None = None) -> Iterator[int]:
        """All of its values, in order."""
        yield from range(self.low, self.high + 1, self.step)

    def check_range(self) -> None:
        """Checks the declaration (see `Hyperparameter.check_range`)."""
        for word in ("low", "high", "step"):
            value = getattr(self, word)
            if isinstance(value, bool) or not isinstance(value, int):
                raise SpaceError(f"{word} of {self.called} must be an integer, not {value!r}.")
        _check_bounds(self)

    def standard_default(self) -> int:
        """The default of a declaration that names none."""
        return self.snap(_middle(self.low, self.high, self.log))

    def domain_json(self) -> dict[str, Any]:
        """What is particular to the kind, in JSON."""
        return {"low": self.low, "high": self.high, "step": self.step, "log": self.log}


@dataclass(frozen=True, eq=False)
class Float(Hyperparameter):
    """A number from a range.

    Args:
        name: Its name in a configuration.
        low: Least value.
        high: Greatest value (included where it is a whole number of steps from ``low``).
        step: Distance between values; None for every number in the range.
        log: Sample uniformly in the logarithm; needs ``low`` above 0.
        default: Value in the default configuration; the middle of the range if not given.
        when: Condition under which it is active.
        otherwise: What ``config.name`` gives while it is inactive.
        help: What it is.
        source: Where range and default come from.

    Raises:
        SpaceError: The declaration contradicts itself.
    """

    kind: ClassVar[str] = "float"

    low: float
    high: float
    _: KW_ONLY
    step: float | None = None
    log: bool = False

    @property
    def size(self) -> int | float:
        """How many values it may take; infinite without a step."""
        if self.low == self.high:
            return 1
        if self.step is None:
            return math.inf
        # A hair's breadth more, so that 0.3 / 0.1 = 2.9999999999999996 still counts as 3 steps.
        return math.floor((self.high - self.low) / self.step + 1e-9) + 1

    @property
    def values_text(self) -> str:
        """Its range, such as ``1e-05..0.01, log``."""
        if self.low == self.high:
            return spell(self.low)
        step = f", step {spell(self.step)}" if self.step is not None else ""
        return f"{spell(self.low)}..{spell(self.high)}{step}{', log' if self.log else ''}"

    def snap(self, value: float) -> float:
        """The nearest value that it may take."""
        if self.step is None:
            return min(max(float(value), self.low), self.high)
        index = min(max(round((value - self.low) / self.step), 0), int(self.size) - 1)
        # Twelve digits remove what adding steps leaves behind: 0.3, not 0.30000000000000004.
        return min(float(f"{self.low + index * self.step:.12g}"), self.high) if index else self.low

    def check(self, value: Any) -> float:
        """The value as a float (see `Hyperparameter.check`)."""
        if not is_number(value) or not self.low <= value <= self.high:
            raise self.refuse(value)
        number = float(value)
        if self.step is None:
            return number
        snapped = self.snap(number)
        if abs(snapped - number) > 1e-8 * self.step:
            raise self.refuse(value)
        return snapped

    def sample(self, rng: np.random.Generator) -> float:
        """A value drawn at random (see `Hyperparameter.sample`)."""
        if self.log:
            drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
            return self.snap(min(max(drawn, self.low), self.high))
        if self.step is not None:
            return self.snap(self.low + self.step * int(rng.integers(int(self.size))))
        return self.snap(float(rng.uniform(self.low, self.high)))

    def grid_values(self, points: int | None = None) -> Iterator[float]:
        """Its values in order (see `Hyperparameter.grid_values`)."""
        if self.size == 1:
            yield self.low
        elif self.step is not None:
            for index in range(int(self.size)):
                yield self.snap(self.low + index * self.step)
        elif points is None:
            raise SpaceError(
                f"'{self.name}' is continuous ({self.values_text}) and cannot be enumerated; say "
                "how many points to take, or give it a step."
            )
        elif points == 1:
            yield self.default
        else:
            for index in range(points):
                yield self._at(index / (points - 1))

    def _at(self, share: float) -> float:
        """The value at this share of the way from low to high, the two ends exactly."""
        if share in (0.0, 1.0):
            return self.high if share else self.low
        if self.log:
            return self.snap(self.low * (self.high / self.low) ** share)
        return self.snap(self.low + share * (self.high - self.low))

    def check_range(self) -> None:
        """Checks the declaration (see `Hyperparameter.check_range`)."""
        for word in ("low", "high", "step"):
            value = getattr(self, word)
            if word == "step" and value is None:
                continue
            if not is_number(value):
                raise SpaceError(f"{word} of {self.called} must be a number, not {value!r}.")
            object.__setattr__(self, word, float(value))
        _check_bounds(self)

    def standard_default(self) -> float:
        """The default of a declaration that names none."""
        return self.snap(_middle(self.low, self.high, self.log))

    def domain_json(self) -> dict[str, Any]:
        """What is particular to the kind, in JSON."""
        return {"low": self.low, "high": self.high, "step": self.step, "log": self.log}


def is_number(value: Any) -> bool:
    """Whether the value is a finite number (NumPy's included) and not True or False."""
    if isinstance(value, str) or type(value).__name__ in ("bool", "bool_"):
        return False
    try:
        return math.isfinite(value)
    except (TypeError, ValueError, OverflowError):
        return False


def _check_bounds(parameter: Int | Float) -> None:
    """Raises SpaceError where low, high, step or log is wrong, or one contradicts another."""
    called, low, high, step = parameter.called, parameter.low, parameter.high, parameter.step
    most = MOST_STEPS if isinstance(parameter, Int) else LARGEST_FLOAT
    for word, value in (("low", low), ("high", high), ("step", step or 0)):
        if abs(value) > most:
            raise SpaceError(
                f"The {word} of {called} is beyond what can be sampled; give a number of at most "
                f"{most:.3g}."
            )
    if low > high:
        raise SpaceError(
            f"The range of {called} is upside down: low {spell(low)} is above high {spell(high)}; "
            "swap them."
        )
    if step is not None and step <= 0:
        raise SpaceError(f"The step of {called} is {spell(step)}; it must be above 0.")
    if step is not None and (high - low) > step * MOST_STEPS:
        raise SpaceError(
            f"The step of {called} is {spell(step)}, too small for its range of {spell(low)} to "
            f"{spell(high)}; give a larger one, or none."
        )
    if not isinstance(parameter.log, bool):
        raise SpaceError(f"log of {called} must be True or False, not {parameter.log!r}.")
    if parameter.log and low <= 0:
        raise SpaceError(
            f"{called} is logarithmic and has low {spell(low)}; give a low above 0 or drop log."
        )


def _middle(low: float, high: float, log: bool) -> float:
    """The middle of a range, in the logarithm where it is logarithmic."""
    return math.sqrt(low) * math.sqrt(high) if log else low + (high - low) / 2
