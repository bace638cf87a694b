"""Hyperparameters that were given as KerasTuner's object, for the record of a search."""

from __future__ import annotations

from typing import Any

from automl.errors import RequestError


def given_forms(given: Any) -> tuple[dict[str, Any], ...]:
    """The JSON forms of hyperparameters that were given as KerasTuner's object.

    Args:
        given: A ``keras_tuner.HyperParameters``, or None.

    Raises:
        RequestError: It is something else.
    """
    if given is None:
        return ()
    if type(given).__module__.partition(".")[0] != "keras_tuner" or not hasattr(given, "space"):
        raise RequestError(
            f"hyperparameters is of type {type(given).__name__}; give a keras_tuner.HyperParameters"
            ", or values and ranges as settings={'units': 64, 'rate': '0.001:0.1'}."
        )
    from automl.models.hyper_parameters import converted  # whoever made the object has Keras

    return tuple(one.to_json() for one in converted(given.space, given.space))
