"""KerasTuner's `hp` for tools that have none: over an Optuna trial, given values, or a recorder."""

from __future__ import annotations

import contextlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override


@dataclass(frozen=True)
class Numbers:
    """A range of whole or real numbers.

    Attributes:
        least: The smallest.
        most: The largest, itself included.
        step: Distance between neighbours, or None for none.
        log: Whether equal ratios are equally likely.
        whole: Whether only whole numbers count.
    """

    least: float
    most: float
    step: float | None
    log: bool
    whole: bool


@dataclass(frozen=True)
class Options:
    """One of several values."""

    values: tuple[Any, ...]


Domain = Numbers | Options


class HyperParameters(ABC):
    """The part of `keras_tuner.HyperParameters` that build functions call.

    A name that is asked for twice keeps its first value, as in KerasTuner.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    @abstractmethod
    def draw(self, name: str, domain: Domain, default: Any) -> Any:
        """The value of a hyperparameter that is asked for the first time."""

    def _value(self, name: str, domain: Domain, default: Any) -> Any:
        if name not in self.values:
            self.values[name] = self.draw(name, domain, default)
        return self.values[name]

    def Int(
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str | None = None,
        default: int | None = None,
        **_: Any,
    ) -> int:
        """A whole number."""
        domain = _numbers(min_value, max_value, step or 1, sampling, whole=True)
        return int(self._value(name, domain, min_value if default is None else default))

    def Float(
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str | None = None,
        default: float | None = None,
        **_: Any,
    ) -> float:
        """A real number."""
        domain = _numbers(min_value, max_value, step, sampling, whole=False)
        return float(self._value(name, domain, min_value if default is None else default))

    def Choice(
        self, name: str, values: Sequence[Any], ordered: bool | None = None, default: Any = None
    ) -> Any:
        """One of the values."""
        options = Options(tuple(values))
        return self._value(name, options, values[0] if default is None else default)

    def Boolean(self, name: str, default: bool = False) -> bool:
        """True or False."""
        return bool(self._value(name, Options((False, True)), default))

    def Fixed(self, name: str, value: Any) -> Any:
        """One value."""
        return self._value(name, Options((value,)), value)

    def get(self, name: str) -> Any:
        """The value of a hyperparameter that was asked for before."""
        return self.values[name]

    @contextlib.contextmanager
    def conditional_scope(self, name: str, values: Sequence[Any]) -> Iterator[None]:
        """Nothing but a context here: what is not asked for is not drawn."""
        yield


def _numbers(
    least: float, most: float, step: float | None, sampling: str | None, *, whole: bool
) -> Numbers:
    if sampling not in (None, "linear", "log"):
        raise ValueError(f"sampling={sampling!r} is not known here; expected 'linear' or 'log'.")
    log = sampling == "log"
    if log and step is not None and step != 1:
        raise ValueError("A step on a logarithmic range is not known here; leave one of them out.")
    return Numbers(least, most, None if log else step, log, whole)


class OptunaHyperParameters(HyperParameters):
    """Suggests from an `optuna.Trial`, each by its name."""

    def __init__(self, trial: Any) -> None:
        super().__init__()
        self._trial = trial

    @override
    def draw(self, name: str, domain: Domain, default: Any) -> Any:
        if isinstance(domain, Options):
            return self._trial.suggest_categorical(name, domain.values)
        if domain.whole:
            step = int(domain.step or 1)
            least, most = int(domain.least), int(domain.most)
            return self._trial.suggest_int(name, least, most, step=step, log=domain.log)
        return self._trial.suggest_float(
            name, domain.least, domain.most, step=domain.step, log=domain.log
        )


class GivenHyperParameters(HyperParameters):
    """Takes each value from a mapping, such as the configuration of a Ray Tune trial."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__()
        self._given = given

    @override
    def draw(self, name: str, domain: Domain, default: Any) -> Any:
        value = self._given[name]
        if not contains(domain, value):
            raise ValueError(f"{name} is {value!r}, which is not in {domain}.")
        return value


class RecordedHyperParameters(HyperParameters):
    """Answers with defaults and keeps what was asked for.

    Attributes:
        domains: What each name may be, in the order in which they were asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.domains: dict[str, Domain] = {}

    @override
    def draw(self, name: str, domain: Domain, default: Any) -> Any:
        self.domains[name] = domain
        return default


def contains(domain: Domain, value: Any) -> bool:
    """Whether a value is one that a domain can give."""
    if isinstance(domain, Options):
        return value in domain.values
    if not domain.least <= value <= domain.most:
        return False
    steps = 0.0 if domain.step is None else (value - domain.least) / domain.step
    return math.isclose(steps, round(steps), abs_tol=1e-9)
