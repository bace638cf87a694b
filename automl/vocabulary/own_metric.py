"""Metrics that a person hands over: a function of truth and prediction, with a direction."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from automl.errors import RequestError
from automl.vocabulary.metric import OWN_NAME, RESPONSE_METHODS, Metric
from automl.vocabulary.metrics import keras_direction
from automl.vocabulary.sklearn_private import scorer_parts
from automl.vocabulary.task_kinds import TaskKind


class _KerasFunction:
    """A metric object of Keras's, called afresh for each value; it travels as its configuration."""

    def __init__(self, form: Mapping[str, Any], is_sparse: bool) -> None:
        self.form = form
        self.is_sparse = is_sparse

    def __call__(
        self, truth: npt.NDArray[Any], prediction: npt.NDArray[Any], sample_weight: Any = None
    ) -> float:
        keras: Any = sys.modules["keras"]  # of a worker, or imported by who made the object
        metric = keras.saving.deserialize_keras_object(deepcopy(dict(self.form)))
        metric.update_state(truth, prediction, sample_weight=sample_weight)
        return float(metric.result())


@dataclass(frozen=True)
class KerasMetric(Metric):
    """A metric object of Keras's, which gets truth and prediction as a Keras model has them."""

    _SPARSE: ClassVar[tuple[str, ...]] = ("Sparse", "MeanIoU", "IoU")

    @override
    def seen(self, kind: TaskKind, truth: Any, predictions: Any) -> tuple[Any, Any]:
        truth, function = np.asarray(truth), self.function
        assert isinstance(function, _KerasFunction)
        if kind is TaskKind.MULTICLASS and not function.is_sparse:
            truth = np.eye(predictions.shape[1])[truth]
        return truth.astype(np.float32), np.asarray(predictions).astype(np.float32)

    @property
    @override
    def source(self) -> str:
        assert isinstance(self.function, _KerasFunction)
        form = self.function.form
        return f"{form['module']}.{form['class_name']}({form['config']})"


def metric_given(given: Any, direction: str | None = None) -> Metric | None:
    """The metric that a person means by an object.

    Args:
        given: A `Metric`, a function of truth and prediction, a scorer of scikit-learn's
            `make_scorer`, or an object of a class of ``keras.metrics``.
        direction: ``min`` or ``max``, of one that does not say it itself.

    Returns:
        The metric; None where it is nothing of these.

    Raises:
        RequestError: It is one, but cannot be taken; or its direction is another.
    """
    metric = _metric_of(given)
    if metric is None or direction is None:
        return metric
    if metric.direction is None:
        return replace(metric, direction=direction)
    if direction not in (metric.direction, metric.direction[:3]):
        raise RequestError(
            f"The metric {metric.name!r} has the direction {metric.direction!r}, not "
            f"{direction!r}; leave direction out."
        )
    return metric


def _metric_of(given: Any) -> Metric | None:
    if isinstance(given, Metric):
        return given
    bases = {(base.__module__.partition(".")[0], base.__name__) for base in type(given).__mro__}
    if ("keras", "Metric") in bases:
        return _keras_metric(given)
    if ("sklearn", "_BaseScorer") in bases:
        return _scorer_s(given)
    if not callable(given) or isinstance(given, type):
        return None
    name = getattr(given, "__name__", "")
    if not OWN_NAME.fullmatch(name):
        kind = name or type(given).__name__
        raise RequestError(
            f"The metric {kind} has no name of its own; give it one: "
            'automl.Metric("name", function, direction="min").'
        )
    return Metric(name, given)


def _scorer_s(scorer: Any) -> Metric:
    """The function in a scorer of scikit-learn's, which has a sign for a direction."""
    function, options, sign, methods = scorer_parts(scorer)
    named: Any = function
    while isinstance(named, partial):
        named = named.func
    name = getattr(named, "__name__", type(named).__name__)
    method = next((one for one in RESPONSE_METHODS if one in methods), None)
    if method is None:
        raise RequestError(
            f"The scorer {name} wants {' or '.join(methods)}, which Keras's models do not have; "
            'make it with response_method="predict_proba" or "predict".'
        )
    return Metric(
        name,
        partial(function, **options) if options else function,
        "max" if sign > 0 else "min",
        method,
    )


def _keras_metric(metric: Any) -> Metric:
    keras: Any = sys.modules["keras"]  # imported by who made the object
    kind = type(metric)
    if kind.__module__.partition(".")[0] != "keras":
        raise RequestError(
            f"metrics holds {kind.__name__}, a class of your own: its variables stay in this "
            "process; give a function of truth and prediction, or compile your model with it."
        )
    of_class = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__)
    found = keras_direction(metric.name) or keras_direction(of_class)
    is_sparse = kind.__name__.startswith(KerasMetric._SPARSE)
    return KerasMetric(
        metric.name,
        _KerasFunction(keras.saving.serialize_keras_object(metric), is_sparse),
        found,
    )


def check_again(recorded: Sequence[Mapping[str, Any]], given: Sequence[Metric]) -> None:
    """Checks that the metrics that a run began with are handed over again.

    Args:
        recorded: What `Metric.to_json` gave of each.
        given: Those that are at hand.

    Raises:
        RequestError: One is missing, or is another function.
    """
    known = {metric.name: metric for metric in given}
    missing = [str(form["name"]) for form in recorded if form["name"] not in known]
    if missing:
        raise RequestError(
            f"The run was started with metrics given as functions ({', '.join(missing)}), which no "
            "record holds; go on from Python with automl.load_run(...).resume(metrics=[...])."
        )
    for form in recorded:
        metric = known[form["name"]]
        if _plain(metric.source) != _plain(str(form["source"])):
            raise RequestError(
                f"The metric {metric.name!r} is another function than the run was started with "
                "(run.json has its source), so that scores could not be compared; give that one, "
                "or start a new search."
            )


def _plain(source: str) -> str:
    """A source without its comments and layout, where it is whole."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return source.strip()
