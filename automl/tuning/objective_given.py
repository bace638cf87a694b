"""What a person gives as objective and metrics: names, functions, KerasTuner's `Objective`."""

from __future__ import annotations

from typing import Any

from automl.errors import RequestError
from automl.vocabulary.directions import DIRECTIONS
from automl.vocabulary.metric import Metric
from automl.vocabulary.own_metric import metric_given


def objective_given(
    given: Any, asked: str | None = None
) -> tuple[str | None, str | None, tuple[Metric, ...]]:
    """Name and direction of an objective, and the metric where it is a person's own.

    Args:
        given: A metric's name, a ``keras_tuner.Objective``, what `metric_given` takes, or None for
            the task's own.
        asked: The direction that was given beside it, or None.

    Returns:
        The name, or None; ``"min"``, ``"max"``, ``"minimize"`` or ``"maximize"``, or None where
        only a name was given; and the metric, or nothing.

    Raises:
        RequestError: It is several objectives, or something else.
    """
    if given is None or isinstance(given, str):
        return given, asked, ()
    own = None if _is_kerastuner_s(given) else metric_given(given, asked)
    if own is not None:
        return own.name, own.direction, (own,)
    several = getattr(given, "objectives", given)
    if isinstance(several, list | tuple | set):
        if len(several) == 1:
            return objective_given(next(iter(several)), asked)
        shown = ", ".join(str(getattr(one, "name", one)) for one in several)
        raise RequestError(
            f"The objective is {len(several)} metrics ({shown}), but trials are ranked by one; "
            "give the one that decides, the other metrics stand beside it on the leaderboard."
        )
    name, direction = getattr(given, "name", None), getattr(given, "direction", None)
    if name == "default_objective" and direction == "min":  # of a tuner that was given none
        return None, asked, ()
    if isinstance(name, str) and str(direction) in DIRECTIONS:
        return name, asked or DIRECTIONS[str(direction)], ()
    raise RequestError(
        f"The objective is {_shown(given)}; give a metric's name, such as 'val_accuracy', or "
        "automl.Metric(name, function, direction) or keras_tuner.Objective(name, direction) with "
        "the direction 'min' or 'max'."
    )


def metrics_given(given: Any) -> tuple[str | tuple[str, ...], tuple[Metric, ...]]:
    """The names of metrics to show, and those that are a person's own.

    Args:
        given: A name or what `metric_given` takes, or several of these.

    Raises:
        RequestError: One is neither.
    """
    if given is None:
        return (), ()
    if isinstance(given, str):
        return given, ()
    names: list[str] = []
    own: list[Metric] = []
    for one in given if isinstance(given, list | tuple | set) else [given]:
        metric = None if isinstance(one, str) else metric_given(one)
        if metric is not None:
            own.append(metric)
        elif not isinstance(one, str):
            kind = getattr(one, "__name__", type(one).__name__)
            raise RequestError(
                f"metrics holds {kind}, which is no metric; give names, functions of truth and "
                "prediction, or automl.Metric(name, function, direction)."
            )
        names.append(one if metric is None else metric.name)
    return tuple(names), tuple(own)


def _is_kerastuner_s(given: Any) -> bool:
    return hasattr(given, "objectives") or (
        hasattr(given, "direction") and not isinstance(given, Metric)
    )


def _shown(given: Any) -> str:
    name, direction = getattr(given, "name", None), getattr(given, "direction", None)
    if isinstance(name, str) and direction is not None:
        return f"{name!r} with the direction {direction!r}"
    return f"of type {type(given).__name__}"
