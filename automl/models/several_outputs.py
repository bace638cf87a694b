"""Models of a person's own with several outputs: joined into one, for targets that are numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.keras_private import compile_arguments, functional_class, operation_of
from automl.models.own_model import overrides

_OWN_STEPS = ("train_step", "compute_loss", "fit")


class SeveralLosses(keras.losses.Loss):  # type: ignore[misc]
    """The losses of several outputs that stand side by side, added by their weights.

    Args:
        parts: Of each output: its loss, from true values and predictions (rows, units) to losses
            (rows,); what that counts; and its units.
    """

    def __init__(self, parts: Sequence[tuple[Any, float, int]]) -> None:
        super().__init__(name="several_losses")
        self._parts = tuple(parts)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses of shape (rows,)."""
        total, start = 0.0, 0
        for loss, weight, units in self._parts:
            own = slice(start, start + units)
            total += weight * loss(y_true[:, own], y_pred[:, own])
            start += units
        return total


def has_several_outputs(model: Any) -> bool:
    """Whether a model names more than one output."""
    return len(getattr(model, "outputs", None) or ()) > 1


def joined_outputs(name: str, model: Any, task: Task) -> Any:
    """A model's outputs side by side, one for each target, in one output.

    Outputs with the names of all targets stand in the order of these, others in their own. The
    losses that the model is compiled with are added by its ``loss_weights``; its metrics are left
    out, for those of the task are computed.

    Args:
        name: The space's name, for messages.
        model: The model, compiled or not.
        task: The task.

    Returns:
        A ``keras.Model`` that shares layers and optimizer with it.

    Raises:
        SpaceError: The targets are no numbers, the model is no graph of layers with a step that
            Keras makes, or an output is no row of numbers.
    """
    is_graph = isinstance(model, functional_class()) and not overrides(model, _OWN_STEPS)
    if task.kind is not TaskKind.REGRESSION or not is_graph:
        raise SpaceError(
            f"The model of space {name!r} has {len(model.outputs)} outputs, and a search trains "
            f"one: end it in a single layer of shape (None, {task.outputs}), which may stand for "
            "several targets; where these are numbers, those of a plain keras.Model are joined."
        )
    outputs = _by_name(model.output)
    if set(outputs) == set(task.targets):
        outputs = {target: outputs[target] for target in task.targets}
    odd = [tensor.shape for tensor in outputs.values() if len(tensor.shape) != 2]
    if odd:
        raise SpaceError(
            f"The model of space {name!r} has an output of shape {odd[0]} among several; give each "
            "the shape (None, units)."
        )
    joined = keras.Model(model.input, keras.layers.Concatenate()(list(outputs.values())))
    if model.compiled:
        joined.compile(model.optimizer, _losses(model, outputs), jit_compile=False)
    return joined


def _by_name(outputs: Any) -> dict[str, Any]:
    """Outputs by the names that compiling knows them by, in their order."""
    if isinstance(outputs, Mapping):
        return dict(outputs)
    return {operation_of(tensor).name: tensor for tensor in outputs}


def _losses(model: Any, outputs: Mapping[str, Any]) -> SeveralLosses:
    """The losses that a model is compiled with; an output without one is not trained."""
    asked = compile_arguments(model)
    names = list(_by_name(model.output))
    losses, weights = (_each(asked[key], names) for key in ("loss", "loss_weights"))
    parts = []
    for name, tensor in outputs.items():
        weight = 1.0 if weights[name] is None else float(weights[name])
        loss = losses[name]
        function = _nothing if loss is None else _function(loss)
        parts.append((function, weight, int(tensor.shape[-1])))
    return SeveralLosses(parts)


def _each(given: Any, names: Sequence[str]) -> dict[str, Any]:
    """What was given to ``compile`` for each output: by name, in order, or one for all."""
    if isinstance(given, Mapping):
        return {name: given.get(name) for name in names}
    if isinstance(given, list | tuple):
        return dict(zip(names, given, strict=True))
    return dict.fromkeys(names, given)


def _function(loss: Any) -> Any:
    """A loss as a function from true values and predictions to losses of rows."""
    found = keras.losses.get(loss)
    return found.call if isinstance(found, keras.losses.Loss) else found


def _nothing(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.zeros_like(y_pred[:, 0])
