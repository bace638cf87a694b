"""From hyperparameters to Optuna and back: distributions, suggestions, stored values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from automl.space.choice import Choice
from automl.space.condition import to_list
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial


def stored(value: Any) -> Any:
    """A value as Optuna stores it: tuples as JSON text, since its storages keep scalars only."""
    return json.dumps(to_list(value)) if isinstance(value, tuple) else value


def distribution(parameter: Hyperparameter) -> BaseDistribution:
    """The Optuna distribution that a hyperparameter is drawn from."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(parameter, Int):
        return IntDistribution(**_range(parameter))
    if isinstance(parameter, Float):
        return FloatDistribution(**_range(parameter))
    if isinstance(parameter, Choice):
        return CategoricalDistribution([stored(option) for option in parameter.options])
    raise TypeError(f"{type(parameter).__name__} has no Optuna distribution.")


def suggest(parameter: Hyperparameter, trial: BaseTrial) -> Any:
    """The value that the trial's sampler draws for a hyperparameter."""
    if isinstance(parameter, Int):
        return parameter.snap(trial.suggest_int(parameter.key, **_range(parameter)))
    if isinstance(parameter, Float):
        return parameter.snap(trial.suggest_float(parameter.key, **_range(parameter)))
    if isinstance(parameter, Choice):
        options = {stored(option): option for option in parameter.options}
        return options[trial.suggest_categorical(parameter.key, list(options))]
    raise TypeError(f"{type(parameter).__name__} cannot be suggested.")


def _range(parameter: Int | Float) -> dict[str, Any]:
    """The range of a number, as Optuna takes it.

    Optuna has no logarithmic range with a step: there the step is left out, and `suggest` takes
    the nearest step to what Optuna drew. It warns about a range that is no whole number of steps.
    """
    if parameter.log or parameter.step is None:
        return {"low": parameter.low, "high": parameter.high, "log": parameter.log}
    last = parameter.snap(parameter.high)
    return {"low": parameter.low, "high": last, "step": parameter.step}
