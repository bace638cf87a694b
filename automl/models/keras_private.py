"""All that is used of Keras's private parts, each name once.

`tests/test_private_names.py` says which of them a new version has taken away; the bound on Keras's
version in ``pyproject.toml`` is the last one that was tried. What Keras offers to those who derive
from its optimizers is used where it is derived from (`automl.models.optimizers`,
`automl.training.flat_updates`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def layers_of(model: Any) -> list[Any]:
    """All layers of a model, those of models that are parts of it included, itself not."""
    return list(model._flatten_layers(include_self=False, recursive=True))


def replace_call(layer: Any, call: Any) -> None:
    """Has a layer compute with another function, which is no part of its state."""
    # Past Keras's own setter, which tracks what is set.
    object.__setattr__(layer, "call", call)


def calls_of(layer: Any) -> list[Any]:
    """The nodes of the graphs that a layer was called in, with their ``output_tensors``."""
    nodes: list[Any] = layer._inbound_nodes
    return nodes


def nodes_of(graph: Any) -> Iterator[Any]:
    """The nodes of a functional model's graph, inputs first."""
    by_depth = graph._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from by_depth[depth]


def operation_of(tensor: Any) -> Any:
    """The layer or operation that has made a Keras tensor."""
    return tensor._keras_history.operation


def made_from(tensor: Any) -> Any | None:
    """The one Keras tensor that another was made of; None where there are none, or several.

    A layer may stand in several graphs, so it alone cannot tell.
    """
    history = tensor._keras_history
    made_of = calls_of(history.operation)[history.node_index].input_tensors
    return made_of[0] if len(made_of) == 1 else None


def functional_class() -> type:
    """The class of ``keras.Model(inputs, outputs)``, which has no public name."""
    import keras.src.models.functional as functional

    found: type = functional.Functional
    return found


def functional_of(model: Any) -> Any:
    """The graph inside a ``Sequential``, or the model itself."""
    return getattr(model, "_functional", None) or model


def compile_arguments(model: Any) -> Mapping[str, Any]:
    """The arguments of ``compile`` as they were given to a compiled model."""
    arguments: Mapping[str, Any] = model._compile_config.config
    return arguments


def forget_compilation(model: Any) -> None:
    """Takes off what compiling put on a model."""
    model.compiled = False
    model.optimizer = None
    model._compile_loss = None
    model._compile_metrics = None
    model._compile_config = None
    model._loss_tracker = None


def has_schedule(optimizer: Any) -> bool:
    """Whether an optimizer's learning rate is a schedule of its own, and no variable."""
    import keras

    return not isinstance(optimizer._learning_rate, keras.Variable)


def moving_averages(optimizer: Any) -> list[tuple[Any, Any]]:
    """The weights that an optimizer trains, each with its moving average (``use_ema``)."""
    averages = optimizer._model_variables_moving_average
    return list(zip(optimizer._trainable_variables, averages, strict=True))


def decays(optimizer: Any, variable: Any) -> bool:
    """Whether an optimizer's weight decay is for a variable."""
    return bool(optimizer._use_weight_decay(variable))


def global_seed() -> Any:
    """The variable from which random numbers without a seed of their own are drawn."""
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator().state
