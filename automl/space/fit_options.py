"""What a person says at the search's call of how a builder's models are compiled.

KerasTuner's tuners take ``loss`` and ``optimizer`` beside the hypermodel: they count in place of
what the builder compiles its models with.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from automl.common.forms import left_out
from automl.errors import RequestError
from automl.vocabulary.keras_functions import keras_options_of


@dataclass(frozen=True)
class FitOptions:
    """How the models of a builder in KerasTuner's form are fitted.

    Attributes:
        loss: Name of a loss of Keras's, or its serialized form; None for the builder's.
        optimizer: Name of an optimizer of Keras's, or its serialized form; None for the builder's.
        settled: Names of hyperparameters that were given or set, also outside the builder's ranges.
        only_known: Whether hyperparameters that a trial turns out to have stay at their defaults.
    """

    loss: str | Mapping[str, Any] | None = left_out(None)
    optimizer: str | Mapping[str, Any] | None = left_out(None)
    settled: tuple[str, ...] = left_out(())
    only_known: bool = left_out(False)

    def __post_init__(self) -> None:
        """Checks that nothing but Keras's own is named: a record may be anybody's.

        Raises:
            RequestError: A serialized form names another module.
        """
        object.__setattr__(self, "settled", tuple(self.settled))
        for name in ("loss", "optimizer"):
            if not _is_keras_s(getattr(self, name)):
                raise RequestError(f"The recorded {name} names code that is not Keras's own.")

    @property
    def compiles(self) -> bool:
        """Whether models are compiled otherwise than by their builder."""
        return self.loss is not None or self.optimizer is not None


def _is_keras_s(form: Any) -> bool:
    """Whether a serialized object consists of Keras's classes and plain values only."""
    if isinstance(form, list | tuple):
        return all(map(_is_keras_s, form))
    if not isinstance(form, Mapping):
        return True
    if "class_name" in form:
        module = str(form.get("module") or "")
        own = module == "keras" or module.startswith(("keras.losses", "keras.optimizers"))
        if not own or form.get("registered_name") or form["class_name"] == "__lambda__":
            return False
    return all(_is_keras_s(value) for value in form.values())


def recordable(name: str, given: Any) -> str | dict[str, Any] | None:
    """A loss or an optimizer in the form in which a run's record can hold it.

    Args:
        name: ``loss`` or ``optimizer``, for the message.
        given: A name, an object or function of Keras's, or None.

    Raises:
        RequestError: It is of a person's own.
    """
    if given is None or isinstance(given, str):
        return given
    kind = given if hasattr(given, "__name__") else type(given)
    if str(getattr(kind, "__module__", "")).partition(".")[0] != "keras":
        raise RequestError(
            f"{name} is {getattr(kind, '__name__', kind)}, which is not Keras's own and which the "
            f"run's record cannot hold; compile the model with it in build(hp)."
        )
    if isinstance(given, type):
        given = given()
    if hasattr(given, "__name__"):
        return str(given.__name__)
    keras: Any = sys.modules["keras"]  # imported by whoever made the object
    form: dict[str, Any] = keras.saving.serialize_keras_object(given)
    # Some of Keras's losses, such as Huber, leave their own arguments out of their form.
    arguments = dict(keras_options_of(given))
    form["config"] = {**form["config"], **arguments}
    again = keras.saving.deserialize_keras_object(deepcopy(form))  # which writes into it
    if dict(keras_options_of(again)) != arguments:
        raise RequestError(
            f"{name} is {type(given).__name__}, whose arguments Keras does not save; compile the "
            "model with it in build(hp)."
        )
    return form


def check_fit(space: str, is_own: bool, request: Mapping[str, Any]) -> None:
    """Checks that a space's models can be compiled as asked.

    Args:
        space: The space's name.
        is_own: Whether its models are compiled by a builder in KerasTuner's form.
        request: ``loss`` and ``optimizer`` that were asked for.

    Raises:
        RequestError: They are not for this space.
    """
    asked = [name for name in ("loss", "optimizer") if request.get(name)]
    if asked and not is_own:
        ways = {
            "loss": "its models learn with the task's loss",
            "optimizer": "where it has optimizer as a hyperparameter, set that (--set)",
        }
        raise RequestError(
            f"--{asked[0]} is for models of your own, a builder build(hp) or a HyperModel, and the "
            f"space {space!r} is another; {ways[asked[0]]}."
        )
