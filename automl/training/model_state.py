"""What a Keras model and its optimizer hold between two epochs, as NumPy arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.errors import RunError
from automl.models.keras_private import global_seed

State = Mapping[str, npt.NDArray[Any]]
"""Arrays by name: numbers of NumPy's own types only, so that a file of them needs no pickle."""


def model_state(model: Any) -> dict[str, npt.NDArray[Any]]:
    """All that a training step reads and changes: weights, random numbers, the optimizer.

    Metrics are not part of it: every epoch begins them anew.

    Args:
        model: The compiled ``keras.Model``.

    Returns:
        Copies of the variables, in the order in which the model and its optimizer list them.
    """
    return {
        name: plain_array(np.array(variable.value)) for name, variable in _variables(model).items()
    }


def restore_model_state(model: Any, state: State) -> None:
    """Gives a model built alike what `model_state` took.

    Args:
        model: The compiled ``keras.Model``, itself and its optimizer built.
        state: What `model_state` gave.

    Raises:
        RunError: The state is that of another model.
    """
    variables = _variables(model)
    check_names(state, variables)
    values = {}
    for name, variable in variables.items():
        own = np.asarray(variable.value).dtype
        values[name] = given_type(state[name], own)
        check_array(name, values[name], own, tuple(variable.shape))
    for name, variable in variables.items():  # all are right: a state is taken whole or not at all
        variable.assign(values[name])


def check_names(state: State, expected: Mapping[str, Any]) -> None:
    """Checks that a state holds the arrays that are expected.

    Raises:
        RunError: It does not.
    """
    if state.keys() != expected.keys():
        odd = sorted(state.keys() ^ expected.keys())[0]
        raise RunError(
            f"The checkpoint was taken of another model or by another trainer: {odd} is only in "
            "one of the two."
        )


def check_array(
    name: str, array: npt.NDArray[Any], dtype: np.dtype[Any], shape: tuple[int, ...]
) -> None:
    """Checks the type and the shape of one of a state's arrays.

    Raises:
        RunError: They are others than the model's.
    """
    if array.dtype != dtype or array.shape != shape:
        raise RunError(
            f"The checkpoint was taken of another model: its {name} is {array.dtype} "
            f"{array.shape}, the model's {dtype} {shape}."
        )


def _variables(model: Any) -> dict[str, Any]:
    measured = {id(variable) for variable in model.metrics_variables}
    own = [variable for variable in model.variables if id(variable) not in measured]
    named = {f"model.{number}": variable for number, variable in enumerate(own)}
    for number, variable in enumerate(model.optimizer.variables):
        named[f"optimizer.{number}"] = variable
    return {**named, "random": global_seed()}


def plain_array(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same bytes in a type that NumPy can write: bfloat16 and the like are no types of it."""
    return array.view(_plain_type(array.dtype))


def given_type(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array of `plain_array` in the type that it had, if it can have had that."""
    is_plain = array.dtype != dtype and array.dtype == _plain_type(dtype)
    return array.view(dtype) if is_plain else array


def _plain_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype.isbuiltin == 1 else np.dtype(f"u{dtype.itemsize}")
