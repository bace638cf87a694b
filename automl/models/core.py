"""The core model of a trial: a space's builder between the arrays' inputs and the task's head.

The core takes a dictionary of arrays, ``numeric`` (rows, p) float32 and ``categorical``
(rows, c) int32, each only where the data has such columns, and answers (rows, outputs)
probabilities or standardized targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from automl.data.plan import InputSignature
from automl.data.task import Task
from automl.errors import SpaceError
from automl.models.heads import add_head, is_head
from automl.models.inputs import TableInputs, vector_input
from automl.models.losses import make_loss, make_metrics
from automl.models.optimizers import make_optimizer
from automl.space import Configuration, SearchSpace


@dataclass(frozen=True)
class Core:
    """A built core model.

    Attributes:
        model: The ``keras.Model``; uncompiled unless the builder compiled it.
        compiled_by_user: Whether the builder returned a compiled model, whose optimizer, loss
            and metrics are then kept.
    """

    model: Any
    compiled_by_user: bool


def build_core(
    space: SearchSpace, config: Configuration, task: Task, signature: InputSignature
) -> Core:
    """Builds the model of one configuration.

    Args:
        space: The search space, whose builder is called.
        config: A configuration of the space.
        task: The task; it gives the head.
        signature: The arrays' signature; it gives the inputs.

    Returns:
        The core model.

    Raises:
        SpaceError: If the builder returns something that is neither a feature tensor nor a
            model with the task's outputs. What the builder itself raises passes through.
    """
    if space.build is None:
        raise SpaceError(
            f"Space {space.name!r} was read from a record and has no builder; find it again by its "
            "reference."
        )
    table = TableInputs(signature)
    inputs = table if space.inputs == "table" else vector_input(table, config)
    built = space.build(config, inputs, task)
    if isinstance(built, keras.Model):
        return _from_model(space.name, built, table, inputs, task)
    if not keras.backend.is_keras_tensor(built):
        raise SpaceError(
            f"The builder of space {space.name!r} returned {_described(built)}; it has to return "
            "a feature tensor made from its inputs, or a keras.Model."
        )
    if len(built.shape) != 2 or built.shape[-1] is None:
        raise SpaceError(
            f"The builder of space {space.name!r} returned a tensor of shape {built.shape}; a "
            "feature tensor has the shape (None, features): flatten or pool it first."
        )
    outputs = built if is_head(built) else add_head(built, task)
    _check_outputs(space.name, outputs, task)
    return Core(_model(space.name, table, outputs), compiled_by_user=False)


def compile_core(core: Core, config: Mapping[str, Any], task: Task) -> Any:
    """Compiles a core with the loss of the task and the optimizer of the configuration.

    Args:
        core: A built core; one that its builder compiled is left as it is.
        config: The trial's configuration.
        task: The task.

    Returns:
        The compiled ``keras.Model``: no XLA and no eager steps, which the training loop decides.
    """
    if not core.compiled_by_user:
        core.model.compile(
            optimizer=make_optimizer(config),
            loss=make_loss(task, config),
            metrics=make_metrics(task),
            jit_compile=False,
        )
    return core.model


def _from_model(name: str, built: Any, table: TableInputs, inputs: Any, task: Task) -> Core:
    """Wires a builder's own model to the core's inputs, with its own compilation."""
    if len(getattr(built, "outputs", None) or (None,)) > 1:
        raise SpaceError(
            f"The builder of space {name!r} returned a model with several outputs; a core has one, "
            f"of shape (None, {task.outputs})."
        )
    if isinstance(inputs, TableInputs):
        if set(built.input if isinstance(built.input, dict) else ()) != set(table.tensors):
            raise SpaceError(
                f"The builder of space {name!r} returned a model with other inputs than the ones "
                f"it was given; make it with keras.Model(inputs.tensors, ...)."
            )
        model, outputs = built, built.output
    else:
        outputs = built(inputs)
        model = _model(name, table, outputs)
    _check_outputs(name, outputs, task)
    if built.compiled and model is not built:
        # The arguments of compile() as they were given: serializing them would lose a loss or
        # a metric that is a plain function.
        model.compile(**{**built._compile_config.config, "jit_compile": False})
    return Core(model, compiled_by_user=bool(built.compiled))


def _model(name: str, table: TableInputs, outputs: Any) -> Any:
    try:
        return keras.Model(table.tensors, outputs, name="core")
    except ValueError as error:
        raise SpaceError(
            f"The builder of space {name!r} returned a tensor that is not made from the inputs "
            f"it was given; start from the builder's argument `inputs`."
        ) from error


def _check_outputs(name: str, outputs: Any, task: Task) -> None:
    # A subclassed model may answer with a list or a dictionary, which has no shape.
    shape = getattr(outputs, "shape", None)
    if shape is None or tuple(shape) != (None, task.outputs):
        raise SpaceError(
            f"The builder of space {name!r} returned a model with outputs of shape {shape}; the "
            f"task ({task.kind}) needs (None, {task.outputs})."
        )


def _described(value: Any) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"
