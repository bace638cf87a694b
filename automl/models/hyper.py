"""Building a model with a builder in KerasTuner's form."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import keras

from automl.errors import SpaceError
from automl.models.hyper_parameters import converted
from automl.models.hyper_ranges import ScaledParameters, has_value
from automl.models.keras_private import compile_arguments
from automl.models.keras_tuner_package import keras_tuner
from automl.space.fit_options import FitOptions
from automl.space.hyperparameter import Hyperparameter
from automl.space.keras_tuner import SHARE, HyperBuilder

STAND_IN_SHAPE = (32, 32, 3)
STAND_IN_CLASSES = 10
"""What a class such as `keras_tuner.applications.HyperResNet` is made for where no data are known;
its hyperparameters do not depend on it."""


@dataclass(frozen=True)
class HyperBuilt:
    """One model, and what it was built with.

    Attributes:
        model: What the builder returned.
        hp: KerasTuner's ``HyperParameters`` with the configuration's values, and ``scaled``, those
            that were made of shares.
        hypermodel: The ``keras_tuner.HyperModel``, or None for a function.
        given: The configuration that was asked for.
        fit: How the model is fitted.
    """

    model: Any
    hp: Any
    hypermodel: Any | None
    given: Mapping[str, Any]
    fit: FitOptions = field(default_factory=FitOptions)

    @property
    def trains_itself(self) -> bool:
        """Whether the hypermodel has a ``fit`` of its own."""
        return (
            self.hypermodel is not None
            and type(self.hypermodel).fit is not keras_tuner.HyperModel.fit
        )

    def found(self) -> list[Hyperparameter]:
        """Active hyperparameters declared so far that the configuration has no value of.

        In this trial they have their defaults.
        """
        if self.fit.only_known:
            return []
        new = [
            declared
            for declared in self.hp.space
            if not {declared.name, declared.name + SHARE} & set(self.given)
            and self.hp.is_active(declared)
        ]
        return converted(new, self.hp.space)

    def notes(self) -> list[str]:
        """Sentences on values that the builder's own ranges do not hold."""
        outside = [
            declared.name
            for declared in self.hp.space
            if declared.name in self.given
            and declared.name not in self.fit.settled
            and self.hp.is_active(declared)
            and not has_value(declared, self.given[declared.name])
        ]
        return [
            f"The builder asks for {name!r} in a range that does not hold every trial's value: "
            "it depends on other hyperparameters; the value that a trial was given counts."
            for name in dict.fromkeys(outside)
        ]


def build_hyper(
    builder: HyperBuilder, values: Mapping[str, Any], shape: tuple[int, ...], classes: int
) -> HyperBuilt:
    """Builds the model of a configuration.

    Args:
        builder: The builder.
        values: Value of every active hyperparameter; one that is not in it has its default.
        shape: Shape of a row, for a class of hypermodels that asks for ``input_shape``.
        classes: Outputs of the task, for one that asks for ``classes``.

    Returns:
        The model with its hyperparameters. What the builder raises passes through.
    """
    hp = ScaledParameters(values)
    hypermodel = made_hypermodel(builder.source, shape, classes)
    model = run_builder(builder.source, hypermodel, hp)
    if builder.fit.compiles and isinstance(model, keras.Model):
        compile_as_asked(model, builder.fit)
    return HyperBuilt(model, hp, hypermodel, dict(values), builder.fit)


def compile_as_asked(model: Any, fit: FitOptions) -> None:
    """Compiles a model with the loss and optimizer of the search's call in place of its own.

    As in KerasTuner the rest of what it was compiled with stays.

    Args:
        model: A ``keras.Model``, compiled or not.
        fit: What was asked for.

    Raises:
        SpaceError: Keras has no such loss or optimizer, or only one of them is known.
    """
    own = dict(compile_arguments(model)) if model.compiled else {}
    if fit.loss is not None:
        own["loss"] = _found("loss", keras.losses.get, fit.loss)
    if fit.optimizer is not None:
        own["optimizer"] = _found("optimizer", keras.optimizers.get, fit.optimizer)
    missing = {"loss", "optimizer"} - {name for name, value in own.items() if value is not None}
    if missing and not model.compiled:
        raise SpaceError(
            f"The model is not compiled, and only one of --loss and --optimizer is given; give "
            f"--{missing.pop()} too, or neither, and it is compiled for the task."
        )
    model.compile(**own)


def _found(option: str, get: Callable[[Any], Any], asked: Any) -> Any:
    try:
        return get(deepcopy(asked))  # Keras writes into what it makes an object of
    except (TypeError, ValueError, KeyError) as error:
        shown = asked if isinstance(asked, str) else asked.get("class_name", asked)
        raise SpaceError(
            f"--{option} is {shown!r}, but Keras has no {option} of that name"
        ) from error


def run_builder(source: Any, hypermodel: Any | None, hp: Any) -> Any:
    """Calls a builder as KerasTuner does.

    Args:
        source: The function, where there is no hypermodel.
        hypermodel: The hypermodel, or None.
        hp: KerasTuner's ``HyperParameters``.
    """
    if hypermodel is None:
        return source(hp)
    hypermodel.declare_hyperparameters(hp)
    return hypermodel.build(hp)


def made_hypermodel(
    source: Any, shape: tuple[int, ...] = STAND_IN_SHAPE, classes: int = STAND_IN_CLASSES
) -> Any | None:
    """The hypermodel of a builder: an instance as it is, one made of a class, None of a function.

    Args:
        source: The function, hypermodel or class.
        shape: Given to a class that cannot be made without an ``input_shape``.
        classes: Given to a class that cannot be made without ``classes``.

    Raises:
        SpaceError: The class needs arguments that the data do not tell.
    """
    if not isinstance(source, type):
        return source if isinstance(source, keras_tuner.HyperModel) else None
    try:
        return source()
    except (TypeError, ValueError) as error:
        known = {"input_shape": shape, "classes": classes}
        asked = inspect.signature(source).parameters
        fitting = {name: value for name, value in known.items() if name in asked}
        if not fitting:
            raise _unmakeable(source, error) from error
    try:
        return source(**fitting)
    except (TypeError, ValueError) as error:
        raise _unmakeable(source, error) from error


def _unmakeable(source: Any, error: Exception) -> SpaceError:
    return SpaceError(
        f"{source.__name__} cannot be made without arguments ({error}); make one in a file "
        f"(hypermodel = {source.__name__}(...)) and give file.py:hypermodel."
    )
