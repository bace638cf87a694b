"""The names of the metrics that a model is compiled with, before it has seen a row."""

from __future__ import annotations

from typing import Any

import keras

from automl.models.keras_private import compile_arguments

_OWN_METRICS = ("compute_metrics", "test_step", "evaluate", "train_step", "get_metrics_result")


def compiled_metrics(model: Any) -> tuple[str, ...] | None:
    """The names under which Keras will log a model's metrics.

    Args:
        model: A ``keras.Model``, compiled or not.

    Returns:
        The names; None where only the model itself can tell, for it logs what it likes.
    """
    if any(getattr(type(model), name) is not getattr(keras.Model, name) for name in _OWN_METRICS):
        return None
    if not model.compiled:
        return ()
    given = compile_arguments(model)
    return tuple(
        _name(metric) for key in ("metrics", "weighted_metrics") for metric in _flat(given[key])
    )


def _flat(given: Any) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, list | tuple):
        return [one for part in given for one in _flat(part)]
    return [given]


def _name(metric: Any) -> str:
    if isinstance(metric, str):
        return metric
    return str(getattr(metric, "name", None) or getattr(metric, "__name__", metric))
