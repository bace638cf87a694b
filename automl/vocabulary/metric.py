"""What a metric is: a function of truth and predictions with a direction."""

from __future__ import annotations

import inspect
import math
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from automl.errors import RequestError, TrialError
from automl.vocabulary.decisions import chosen_classes, holds
from automl.vocabulary.directions import DIRECTIONS
from automl.vocabulary.task_kinds import TaskKind

#: What a user's function may be given as the prediction; scikit-learn's names.
RESPONSE_METHODS = ("predict_proba", "predict")
#: A user's name is a column's on the leaderboard and a key in files.
OWN_NAME = re.compile(r"\w[\w.@+-]*")
#: Most that is recorded of a function's source, in characters.
MOST_SOURCE = 20_000
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
    """A metric, the package's own or a user's: ``automl.Metric(name, function, direction)``.

    A user's function is called as ``function(truth, prediction)`` and returns one number; where
    it has a parameter ``sample_weight`` or ``weight``, it gets the weights of the rows, (n,), by
    that name. So scikit-learn's functions are metrics as they stand.

    | task | truth | prediction |
    |---|---|---|
    | regression | float64 (n,), of several targets (n, targets), in their own units | the same |
    | binary | int64 (n,): 0, and 1 for the second class | float64 (n,): probability of 1 |
    | multiclass | int64 (n,): numbers of the classes, in sorted order | float64 (n, classes) |
    | multilabel | int64 (n, labels) of 0 and 1 | float64 (n, labels): probabilities |

    With ``response_method="predict"`` the prediction of classes and labels has the form of the
    truth: what is told, in place of its probabilities. It is computed by each worker after every
    epoch on the validation rows, and once on the test rows.

    Example:
        >>> def rmsle(truth, prediction):
        ...     return np.sqrt(np.mean((np.log1p(truth) - np.log1p(prediction.clip(0))) ** 2))
        >>> automl.search("housing.csv", objective=automl.Metric("rmsle", rmsle, "min"))

    Attributes:
        name: The name in its one spelling.
        function: The function; the package's own have one for each kind of task (of a metric
            with a number, one that makes it from the number), taking truth, predictions and
            weights as `automl.data.metrics.compute_metrics` has them.
        direction: ``"minimize"`` or ``"maximize"``, or short ``"min"`` or ``"max"``; may be None
            for a user's that is only shown.
        response_method: ``"predict_proba"`` or ``"predict"``, as of scikit-learn's `make_scorer`.
        shown: Whether it is computed for every trial, unasked.
        every_epoch: Whether it is light enough for every epoch; others are computed for the
            best one only. A user's is computed at every one.
        of_probabilities: Of the package's own, whether it looks at probabilities or their order,
            and not only at what is told.
        parameter: The number that it needs, or None.
        sklearn: scikit-learn's names for it, of scorers and functions.
        keras: Keras's names for it, of metrics and losses.
        aliases: Other names.
    """

    name: str
    function: MetricFunction | Mapping[TaskKind, Callable[..., Any]] = field(compare=False)
    direction: str | None = None
    response_method: str = "predict_proba"
    shown: bool = False
    every_epoch: bool = False
    of_probabilities: bool = False
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
        if callable(self.function) and not OWN_NAME.fullmatch(self.name):
            raise RequestError(
                f"A metric cannot be called {self.name!r}; give a name of letters, digits and _, "
                'such as automl.Metric("rmsle", function, direction="min").'
            )
        if self.direction is not None:
            direction = DIRECTIONS.get(str(self.direction))
            if direction is None:
                raise RequestError(
                    f"The direction of metric {self.name!r} is min or max, for minimize or "
                    f"maximize, not {self.direction!r}."
                )
            object.__setattr__(self, "direction", direction)
        if self.response_method not in RESPONSE_METHODS:
            raise RequestError(
                f"The response_method of metric {self.name!r} is "
                f"{' or '.join(RESPONSE_METHODS)}, not {self.response_method!r}."
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
    def needs_decision(self) -> bool:
        """Whether a threshold makes a difference to it: it looks at what is told."""
        if callable(self.function):
            return self.response_method == "predict"
        return not self.of_probabilities

    def with_number(self, number: float) -> Metric:
        """The metric with its number, such as ``fbeta:2``; its name says it."""
        assert isinstance(self.function, Mapping)
        made = {kind: make(number) for kind, make in self.function.items()}
        return replace(self, name=f"{self.name}:{number:.12g}", function=made, parameter=None)

    def value(self, kind: TaskKind, truth: Any, predictions: Any, weight: Any) -> float:
        """The metric of some rows; arguments as in `automl.data.metrics.compute_metrics`.

        Raises:
            RequestError: A user's function takes no weights, and rows have some.
            TrialError: A user's function raised, or returned no number.
            ValueError: The task has no such metric.
        """
        if not callable(self.function):
            if kind not in self.function:
                raise ValueError(f"{self.name!r} cannot be computed for a {kind} task")
            return float(self.function[kind](truth, predictions, weight))
        weights = {}
        if weight is not None:
            name = _weight_name(self.function)
            if name is None:
                raise RequestError(
                    f"The rows have weights, and the function of metric {self.name!r} has no "
                    "parameter sample_weight to take them: give it one, or leave the weights out."
                )
            weights[name] = weight
        try:
            value = self.function(*self.seen(kind, truth, predictions), **weights)
        except Exception as error:
            raise TrialError(
                f"The metric {self.name!r} raised {type(error).__name__}: {error}"
            ) from error
        return self._number(value)

    def seen(self, kind: TaskKind, truth: Any, predictions: Any) -> tuple[Any, Any]:
        """Truth and prediction as a user's function gets them, which may change its own copies."""
        if kind is TaskKind.REGRESSION:
            return _flat(np.array(truth, np.float64)), _flat(np.array(predictions))
        known = _flat(np.array(truth).astype(np.int64))
        if self.response_method == "predict_proba":
            return known, _flat(np.array(predictions))
        if kind is TaskKind.MULTILABEL:
            return known, _flat(holds(predictions).astype(np.int64))
        return known, chosen_classes(kind, predictions)

    def _number(self, value: Any) -> float:
        try:
            array = np.asarray([] if value is None else value, np.float64)
        except (TypeError, ValueError):
            array = np.zeros(0)
        if array.size != 1:
            shape = getattr(value, "shape", None)
            kind = type(value).__name__ if shape is None else f"an array of shape {tuple(shape)}"
            raise TrialError(
                f"The metric {self.name!r} returned {kind}; its function must return one number, "
                "such as the mean over the rows."
            )
        return float(array.reshape(()))

    @property
    def source(self) -> str:
        """A user's function as text, or its name where there is none, for the record."""
        function: Any = self.function
        while isinstance(function, partial):
            function = function.func
        module = getattr(function, "__module__", type(function).__module__)
        place = f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"
        if str(module).partition(".")[0] in ("sklearn", "keras"):
            return place
        try:
            text = textwrap.dedent(inspect.getsource(function))
        except (OSError, TypeError):
            return place
        return text if len(text) <= MOST_SOURCE else place

    def to_json(self) -> dict[str, Any]:
        """What is recorded of a user's: no more can be, for no record holds code that is run."""
        return {"name": self.name, "direction": self.direction, "source": self.source}

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Metric:
        """A metric of which no more is known than what was recorded: it cannot be computed."""
        return cls(form["name"], _not_given, form["direction"])


def _not_given(truth: Any, prediction: Any) -> float:
    raise RequestError("The function of a metric is not recorded; give it again.")


def _weight_name(function: MetricFunction) -> str | None:
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # compiled functions that do not say
        return None
    return next((name for name in _WEIGHTS if name in parameters), None)


def _flat(values: Any) -> Any:
    """Columns as (n, k); a single one as (n,), as scikit-learn's functions take it."""
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
