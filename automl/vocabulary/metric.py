"""What a metric is: a function of truth and predictions with a direction."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from automl.errors import RequestError
from automl.vocabulary.task_kinds import TaskKind

MINIMIZE, MAXIMIZE = "minimize", "maximize"
_WEIGHTS = ("sample_weight", "weight")

MetricFunction = Callable[..., float]


@dataclass(frozen=True)
class MetricParameter:
    """The number that a metric needs, as ``fbeta`` needs its beta.

    Attributes:
        name: What it is called.
        which: What it must be, in words.
        example: One that it can be.
        below: What it is less than; it is more than 0.
    """

    name: str
    which: str
    example: str
    below: float = math.inf

    def read(self, metric: str, text: str | None, given: str) -> float:
        """The number that a person has written after the metric's name and a colon.

        Raises:
            RequestError: It is not there, or not one that the metric can have.
        """
        example = f"write for example {metric}:{self.example}."
        if text is None:
            raise RequestError(
                f"The metric {metric!r} needs its {self.name}, {self.which}: {example}"
            )
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0.0 < value < self.below:
            raise RequestError(f"The {self.name} of {given!r} must be {self.which}: {example}")
        return value


@dataclass(frozen=True)
class Metric:
    """A metric, the package's own or a user's.

    A function is called with the true values, the predictions and, where it has a parameter
    ``sample_weight`` or ``weight``, the weights of the rows by that name; so scikit-learn's
    functions are metrics as they stand::

        Metric("max_error", sklearn.metrics.max_error, "minimize")
        Metric("hits", lambda truth, scores: ((scores > 0.9) == truth).mean(), "maximize")

    Of a binary task and of one target, truth is float (n,) and predictions float64 (n,), the
    second class's probability or the target in its own unit. Of several classes truth is the
    number of each row's class, int (n,), and predictions are probabilities, (n, classes). Of
    several labels or targets both are (n, k).

    Attributes:
        name: The name in its one spelling.
        function: The function; the package's own have one for each kind of task (of a metric
            with a number, one that makes it from the number), taking truth, predictions and
            weights as `automl.data.metrics.compute_metrics` has them.
        direction: ``"minimize"`` or ``"maximize"``.
        shown: Whether it is computed for every trial, unasked.
        every_epoch: Whether it is light enough for every epoch; others are computed for the
            best one only.
        parameter: The number that it needs, or None.
        sklearn: scikit-learn's names for it, of scorers and functions.
        keras: Keras's names for it, of metrics and losses.
        aliases: Other names.
    """

    name: str
    function: MetricFunction | Mapping[TaskKind, Callable[..., Any]] = field(compare=False)
    direction: str
    shown: bool = False
    every_epoch: bool = False
    parameter: MetricParameter | None = None
    sklearn: tuple[str, ...] = ()
    keras: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Checks what a user can get wrong.

        Raises:
            RequestError: There is no name, no direction of the two, or no function.
        """
        if not isinstance(self.name, str) or not self.name.strip():
            raise RequestError(f"A metric needs a name, not {self.name!r}.")
        if self.direction not in (MINIMIZE, MAXIMIZE):
            raise RequestError(
                f"The direction of metric {self.name!r} is minimize or maximize, not "
                f"{self.direction!r}."
            )
        if not callable(self.function) and not isinstance(self.function, Mapping):
            raise RequestError(
                f"Metric {self.name!r} needs a function of the true values and the predictions, "
                f"not {self.function!r}."
            )

    @property
    def kinds(self) -> tuple[TaskKind, ...]:
        """The kinds of task that have it."""
        return tuple(TaskKind if callable(self.function) else self.function)

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names that mean it, its own first."""
        return (self.name, *self.sklearn, *self.keras, *self.aliases)

    @property
    def takes_weights(self) -> bool:
        """Whether rows can have weights."""
        return not callable(self.function) or _weight_name(self.function) is not None

    def with_number(self, number: float) -> Metric:
        """The metric with its number, such as ``fbeta:2``; its name says it."""
        assert isinstance(self.function, Mapping)
        made = {kind: make(number) for kind, make in self.function.items()}
        return replace(self, name=f"{self.name}:{number:.12g}", function=made, parameter=None)

    def value(self, kind: TaskKind, truth: Any, predictions: Any, weight: Any) -> float:
        """The metric of some rows; arguments as in `automl.data.metrics.compute_metrics`.

        Raises:
            RequestError: A user's function takes no weights, and rows have some.
            ValueError: The task has no such metric.
        """
        if not callable(self.function):
            if kind not in self.function:
                raise ValueError(f"{self.name!r} cannot be computed for a {kind} task")
            return float(self.function[kind](truth, predictions, weight))
        if weight is None:
            return float(self.function(_flat(truth), _flat(predictions)))
        name = _weight_name(self.function)
        if name is None:
            raise RequestError(
                f"The rows have weights, and the function of metric {self.name!r} has no parameter "
                "sample_weight to take them: give it one, or leave the weights out."
            )
        return float(self.function(_flat(truth), _flat(predictions), **{name: weight}))


def _weight_name(function: MetricFunction) -> str | None:
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # compiled functions that do not say
        return None
    return next((name for name in _WEIGHTS if name in parameters), None)


def _flat(values: Any) -> Any:
    """Columns as (n, k); a single one as (n,), as scikit-learn's functions take it."""
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
