"""The arguments of `automl.search` as a request takes them: sizes, times and objects as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from automl.space.fit_options import carried_callbacks, recordable
from automl.space.given_hyperparameters import given_forms
from automl.tuning.argument_types import checked_types
from automl.tuning.budget import budget_of, bytes_of, seconds_of
from automl.tuning.given import Given, named_pruner, named_sampler
from automl.tuning.objective_given import metrics_given, objective_given

#: What is no part of a request: where the rows and models come from, and where all goes to.
_BESIDE = ("data", "target", "space", "directory", "verbose", "observer")
#: What a request has as other values, under other names.
_BUDGET = ("trials", "time", "trial_time")


def request_arguments(asked: Mapping[str, Any]) -> tuple[dict[str, Any], Given]:
    """Turns what a person gave into values.

    Args:
        asked: The arguments of `automl.search`, by their names.

    Returns:
        The arguments of `automl.tuning.request.make_request`, but for the data and the space; and
        the objects that no request can hold.

    Raises:
        RequestError: A value cannot be read.
    """
    asked = checked_types(asked)
    objective, direction = objective_given(asked["objective"])
    callbacks, carried = carried_callbacks(asked["callbacks"])
    sampler, own_sampler = named_sampler(asked["sampler"])
    pruner, own_pruner = named_pruner(asked["pruner"])
    sizes, grace = asked["batch_size"], asked["grace"]
    several = isinstance(sizes, Iterable) and not isinstance(sizes, str)
    arguments = {
        **{name: value for name, value in asked.items() if name not in (*_BESIDE, *_BUDGET)},
        "budget": budget_of(asked["trials"], asked["time"]),
        "trial_seconds": seconds_of(asked["trial_time"]),
        "batch_size": tuple(sizes) if several else sizes,
        "hyperparameters": given_forms(asked["hyperparameters"]),
        "loss": recordable("loss", asked["loss"]),
        "optimizer": recordable("optimizer", asked["optimizer"]),
        "callbacks": callbacks,
        "sampler": sampler,
        "pruner": pruner,
        "objective": objective,
        "direction": direction if asked["direction"] is None else asked["direction"],
        "metrics": metrics_given(asked["metrics"]),
        "memory_per_worker": bytes_of(asked["memory_per_worker"]),
        "max_disk": bytes_of(asked["max_disk"]),
    }
    if grace is None:
        del arguments["grace"]
    else:
        arguments["grace"] = seconds_of(grace)
    return arguments, Given(carried, own_sampler, own_pruner)
