"""A model of a person's own: the form in which it takes rows and targets, and how it is saved.

Such a model is trained as it is, on one array a row in the shape that it asks for, so that its
own `train_step`, `fit` and compilation stay. What is saved is a core like any other: the same
weights behind the contract's inputs, with probabilities as answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras

from automl.data.kinds.signature import InputSignature
from automl.data.plan import TargetScale
from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.inputs.builder import TableInputs
from automl.models.keras_private import operation_of
from automl.models.several_inputs import InputPart, part_tensor
from automl.vocabulary.keras_functions import keras_options_of

Shape = tuple[int, ...]

PLAIN, ONE_HOT, CLASSES, OWN_UNITS = "plain", "one-hot", "classes", "own units"
OWN_NAME = "own"
"""The name of a person's own model as a part of the core."""


@dataclass(frozen=True)
class ArrayForm:
    """How a model takes rows and targets, and what its outputs mean.

    Attributes:
        shape: Shape of one row: the numeric columns and the one-hot encoded categorical ones,
            reshaped.
        target: ``"plain"``, as the task's data hold them; ``"one-hot"``; ``"classes"``, numbers
            of classes also where there are two; or ``"own units"``, numbers that are not
            standardized, for a loss and rates that somebody has chosen for them.
        outputs: Units of the output layer.
        activation: What makes probabilities of the outputs: ``""``, ``"softmax"`` or
            ``"sigmoid"``.
        second: Whether two outputs stand for one, the probability of the second class.
        target_shape: Shape of one row's target and outputs where that is a block of numbers, as
            of an autoencoder of images; empty where it is a row of them.
        dtype: Data type of the rows: whole numbers where the model's input is of them.
        parts: Of a model with several inputs, which columns each of them gets; shape and dtype
            then say nothing.
        by_name: Whether several inputs are a dictionary, and no tuple in the model's order.
    """

    shape: Shape
    target: str = PLAIN
    outputs: int = 1
    activation: str = ""
    second: bool = False
    target_shape: Shape = ()
    dtype: str = "float32"
    parts: tuple[InputPart, ...] = ()
    by_name: bool = False


def row_width(signature: InputSignature) -> int:
    """Numbers in a row: numeric columns, and a column for each category seen in training."""
    return signature.numeric + sum(codes - 1 for codes in signature.cardinalities)


def row_shapes(signature: InputSignature) -> list[Shape]:
    """The shapes in which a model that names none may want a row, likeliest first."""
    width = (row_width(signature),)
    own = signature.shape
    if own is None or own == width:
        return [width]
    channels = [(*own, 1)] if len(own) in (2, 3) and own[-1] > 4 else []
    return [own, *channels, width]


def image_shape(signature: InputSignature) -> Shape:
    """The shape of a row for a hypermodel of images: with channels."""
    shapes = row_shapes(signature)
    return next((shape for shape in shapes if len(shape) == 3), shapes[0])


def refuse_texts(name: str, model: Any, signature: InputSignature) -> None:
    """Refuses a model with an input for texts, as of `TextVectorization` or `StringLookup`.

    Args:
        name: The space's name, for messages.
        model: A ``keras.Model``.
        signature: The arrays' signature.

    Raises:
        SpaceError: It has one.
    """
    texts = [one.name for one in getattr(model, "inputs", None) or () if str(one.dtype) == "string"]
    if not texts:
        return
    way = "give rows of numbers"
    if signature.categorical_names:
        way = (
            "a column of categories comes as whole numbers to an input of its name that is of "
            'dtype "int32" or leads to an Embedding, and one-hot to any other'
        )
    raise SpaceError(
        f"The model of space {name!r} takes texts (input {texts[0]!r}), which are not supported: "
        f"models get numbers; {way}."
    )


def shape_taken(name: str, model: Any, signature: InputSignature) -> Shape | None:
    """The shape of a row that a model asks for.

    Args:
        name: The space's name, for messages.
        model: A ``keras.Model`` of at most one input.
        signature: The arrays' signature.

    Returns:
        The shape, or None for a model that names none before it is called.

    Raises:
        SpaceError: It asks for rows of another size.
    """
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return None
    wanted = tuple(inputs[0].shape[1:])
    if None not in wanted:
        if math.prod(wanted) == row_width(signature):
            return wanted
    else:
        for shape in row_shapes(signature):
            if len(shape) == len(wanted) and all(
                asked in (None, size) for asked, size in zip(wanted, shape, strict=True)
            ):
                return shape
    shapes = " or ".join(str(shape) for shape in row_shapes(signature))
    behind = ""
    if len(wanted) > 1:
        behind = (
            ", and a size that a hyperparameter chooses to a layer behind it, such as "
            "keras.layers.CenterCrop or Resizing"
        )
    raise SpaceError(
        f"The model of space {name!r} takes rows of shape {wanted}, and a row of the data has the "
        f"shape {shapes}; give its input that shape{behind}."
    )


def choose_form(name: str, model: Any, shape: Shape, given: Any, task: Task) -> ArrayForm:
    """The form of a built model, by its outputs and its loss.

    Args:
        name: The space's name, for messages.
        model: The model, built; compiled or not.
        shape: The shape of a row.
        given: The shape of its outputs, rows included.
        task: The task.

    Raises:
        SpaceError: Its outputs are not those of the task.
    """
    units = given[-1] if isinstance(given, tuple) and len(given) == 2 else None
    block = _block_of(given, task)
    if block:
        known = {TaskKind.REGRESSION: OWN_UNITS if model.compiled else PLAIN}
        activation = (
            "" if task.kind is TaskKind.REGRESSION else loss_of_model(model).activation("sigmoid")
        )
        return ArrayForm(
            shape, known.get(task.kind, PLAIN), task.outputs, activation, target_shape=block
        )
    loss = loss_of_model(model)
    if units == 2 and task.kind is TaskKind.BINARY and loss.is_known:
        return ArrayForm(
            shape,
            CLASSES if loss.is_sparse else ONE_HOT,
            outputs=2,
            activation=loss.activation("softmax"),
            second=True,
        )
    if units != task.outputs:
        kinds = f"{task.kind}, {task.outputs} {'classes' if len(task.classes) > 2 else 'outputs'}"
        raise SpaceError(
            f"The model of space {name!r} has outputs of shape {given}; the task ({kinds}) needs "
            f"(None, {task.outputs})."
        )
    if not model.compiled and task.is_classification and ends_in_logits(model):
        # Nobody has said by which loss; it is compiled for the task, and for what its head gives.
        usual = "softmax" if task.kind is TaskKind.MULTICLASS else "sigmoid"
        return ArrayForm(shape, PLAIN, units, usual)
    if task.kind is TaskKind.MULTICLASS:
        target = ONE_HOT if loss.is_known and not loss.is_sparse else PLAIN
        return ArrayForm(shape, target, units, loss.activation("softmax"))
    if task.kind is TaskKind.REGRESSION:
        return ArrayForm(shape, OWN_UNITS if model.compiled else PLAIN, units)
    return ArrayForm(shape, PLAIN, units, loss.activation("sigmoid"))


def _block_of(given: Any, task: Task) -> Shape:
    """The shape of a row's outputs where they are a block of all the task's targets, or ()."""
    if not isinstance(given, tuple) or len(given) < 3 or None in given[1:]:
        return ()
    if task.kind not in (TaskKind.REGRESSION, TaskKind.MULTILABEL):
        return ()
    return tuple(given[1:]) if math.prod(given[1:]) == task.outputs else ()


def ends_in_logits(model: Any) -> bool:
    """Whether a model's last layer has no activation, so that its outputs are no probabilities.

    Args:
        model: A ``keras.Model``. Of one without a graph of layers it is the layer made last.
    """
    outputs = getattr(model, "outputs", None)
    layer = operation_of(outputs[0]) if outputs else None
    if layer is None:
        layer = model.layers[-1] if getattr(model, "layers", None) else None
    if isinstance(layer, keras.Model):
        return ends_in_logits(layer)
    activation = getattr(layer, "activation", None)
    return isinstance(layer, keras.layers.Layer) and activation is keras.activations.linear


@dataclass(frozen=True)
class ModelLoss:
    """What a compiled model's loss says of its targets and outputs.

    Attributes:
        name: Its name, such as ``sparse_categorical_crossentropy``; "" without one.
        is_known: Whether it is one of Keras's.
        from_logits: Whether it takes outputs before softmax or sigmoid.
    """

    name: str = ""
    is_known: bool = False
    from_logits: bool = False

    @property
    def is_sparse(self) -> bool:
        """Whether its targets are numbers of classes."""
        return "sparse" in self.name

    def activation(self, usual: str) -> str:
        """What the loss would apply to logits; "" where outputs are probabilities already."""
        if not self.from_logits:
            return ""
        return "sigmoid" if "binary" in self.name else usual


def overrides(model: Any, methods: Iterable[str]) -> bool:
    """Whether a model has its own version of one of ``keras.Model``'s methods."""
    return any(
        name in vars(model) or getattr(type(model), name) is not getattr(keras.Model, name)
        for name in methods
    )


def compiled_loss(model: Any) -> Any:
    """The loss of a model's one output, an object or a function; None where it is not compiled.

    Args:
        model: A ``keras.Model``.
    """
    loss = model.loss if model.compiled else None
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values())) if isinstance(loss, dict) else loss[0]
    return keras.losses.get(loss) if isinstance(loss, str) else loss


def loss_of_model(model: Any) -> ModelLoss:
    """What is known of a model's loss; of one that is not compiled, nothing.

    Args:
        model: A ``keras.Model``.
    """
    loss = compiled_loss(model)
    if loss is None:
        return ModelLoss()
    named = getattr(loss, "fn", loss)  # Keras wraps its functions
    name = getattr(named, "__name__", type(named).__name__)
    module = getattr(named, "__module__", "") or ""
    options = keras_options_of(loss)
    from_logits = getattr(loss, "from_logits", None) or options.get("from_logits", False)
    return ModelLoss(name.lower(), module.partition(".")[0] == "keras", bool(from_logits))


def contract_core(
    model: Any, form: ArrayForm, signature: InputSignature, scale: TargetScale
) -> Any:
    """The core in the contract's form: a dictionary of arrays in, probabilities or targets out.

    Args:
        model: The trained model, whose layers and weights it shares.
        form: The model's form.
        signature: The arrays' signature.
        scale: How the data's targets are standardized, as a core's outputs are.

    Returns:
        An uncompiled ``keras.Model``, of Keras's own classes as far as the model's layers are.
    """
    table = TableInputs(signature)
    if form.parts:
        rows: Any = [part_tensor(part, table) for part in form.parts]
    else:
        rows = _one_array(form, table)
    outputs = _plain_model(model, form.shape)(rows)
    if form.target_shape:
        outputs = keras.layers.Reshape((form.outputs,))(outputs)
    if form.activation:
        outputs = keras.layers.Activation(form.activation)(outputs)
    if form.second:
        outputs = keras.ops.take(outputs, [1], axis=1)
    if form.target == OWN_UNITS and scale.mean:
        variance = [deviation**2 for deviation in scale.std]
        outputs = keras.layers.Normalization(mean=scale.mean, variance=variance)(outputs)
    return keras.Model(table.tensors, outputs, name="core")


def _one_array(form: ArrayForm, table: TableInputs) -> Any:
    """The rows of a model with one input."""
    parts = [] if table.numeric is None else [table.numeric]
    if any(codes > 1 for codes in table.cardinalities):
        parts.append(table.one_hot())
    rows = parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)
    if form.shape != (row_width(table.signature),):
        rows = keras.layers.Reshape(form.shape)(rows)
    return rows if form.dtype == "float32" else keras.ops.cast(rows, form.dtype)


def _without_lambdas(model: Any) -> Any:
    """The graph with what its Lambda layers do in their place: a Lambda is code when it is loaded.

    Where a function is no graph of Keras's operations, the model stays as it is.
    """

    def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.layers.Lambda):
            return layer.function(*args, **(layer.arguments or {}))
        return layer(*args, **kwargs)

    try:
        return keras.models.clone_model(
            model, clone_function=lambda layer: layer, call_function=called
        )
    except Exception:  # noqa: BLE001 - whatever a person's function does with a symbolic tensor
        return model


def _plain_model(model: Any, shape: Shape) -> Any:
    """The model's layers in a model of Keras's own class, which loads without the person's code.

    A model that is a graph of layers is that graph. Of one with a ``call`` of its own the graph
    is what the call does with a symbolic row; where that is no graph, the model stays itself.
    """
    if getattr(model, "inputs", None) and getattr(model, "outputs", None):
        inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
        plain = keras.Model(inputs, model.outputs[0], name=OWN_NAME)
        if any(isinstance(layer, keras.layers.Lambda) for layer in plain.layers):
            return _without_lambdas(plain)
        return plain
    inputs = keras.Input(shape)
    try:
        plain = keras.Model(inputs, model.call(inputs), name=OWN_NAME)
    except Exception:  # noqa: BLE001 - a call of any code, which may do what no graph can
        return model
    known = {id(weight) for weight in plain.weights}
    return plain if all(id(weight) in known for weight in model.weights) else model
