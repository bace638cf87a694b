"""What a person gave for the options of a search, as a request takes it: objects as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.common.option import check_options
from automl.space.callbacks import carried_callbacks
from automl.space.fit_options import recordable
from automl.tuning.given import Given, named_pruner, named_sampler
from automl.tuning.keras_tuner_hyperparameters import given_forms
from automl.tuning.objective_given import metrics_given, objective_given
from automl.tuning.options import SEARCH_OPTIONS


def asked_values(given: Mapping[str, Any]) -> tuple[dict[str, Any], Given]:
    """Turns what a person gave into values.

    Args:
        given: The options that were given, by their names in Python.

    Returns:
        The value of each option, as `automl.tuning.search_request.make_request` takes them; and the
        objects that no request can hold.

    Raises:
        RequestError: A value cannot be read.
    """
    usual = {name: option.default for name, option in SEARCH_OPTIONS.items()}
    values = usual | check_options(SEARCH_OPTIONS, given)
    objective, direction, ranking = objective_given(values["objective"], values["direction"])
    metrics, shown = metrics_given(values["metrics"])
    callbacks, carried = carried_callbacks(values["callbacks"])
    sampler, own_sampler = named_sampler(values["sampler"])
    pruner, own_pruner = named_pruner(values["pruner"])
    values |= {
        "hyperparameters": given_forms(values["hyperparameters"]),
        "loss": recordable("loss", values["loss"]),
        "optimizer": recordable("optimizer", values["optimizer"]),
        "callbacks": callbacks,
        "sampler": sampler,
        "pruner": pruner,
        "objective": objective,
        "direction": direction,
        "metrics": metrics,
    }
    own = tuple(dict.fromkeys((*ranking, *shown)))
    return values, Given(carried, own_sampler, own_pruner, own)


def resumed_values(
    given: Mapping[str, Any], sampler: Any = None, pruner: Any = None, metrics: Any = ()
) -> tuple[dict[str, Any], Given]:
    """Turns what a person gave for a run that goes on into values.

    Args:
        given: Options by their names in Python, None for what is as before.
        sampler: The run's sampler, where that was an object.
        pruner: Its pruner, likewise.
        metrics: Its metrics that are functions.

    Returns:
        The values of the options that are not as before; and the objects of the run.

    Raises:
        RequestError: A value cannot be read.
    """
    changed = {name: value for name, value in given.items() if value is not None}
    changes = check_options(SEARCH_OPTIONS, changed)
    _, carried = carried_callbacks(changes.pop("callbacks", None))
    return changes, Given(carried, sampler, pruner, metrics_given(metrics)[1])
