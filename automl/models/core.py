"""The core model of a trial: a space's builder between the arrays' inputs and the task's head.

The core takes a dictionary of arrays, ``numeric`` (rows, p) float32 and ``categorical``
(rows, c) int32, each only where the data has such columns, or ``image`` (rows, height, width,
channels) uint8, and answers (rows, outputs) probabilities or standardized targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras

from automl.data.kinds.signature import InputSignature
from automl.data.plan import TargetScale
from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.augmented_images import without_augmentation
from automl.models.heads import add_head, is_head
from automl.models.inputs.builder import TableInputs, embeds_numbers, uses_embedding, vector_input
from automl.models.inputs.builder_images import ImageInputs
from automl.models.keras_private import compile_arguments
from automl.models.losses import make_loss, make_metrics
from automl.models.mixed_batches import MixedLoss, mixes
from automl.models.optimizers import make_optimizer
from automl.models.own_model import (
    ArrayForm,
    choose_form,
    contract_core,
    ends_in_logits,
    image_shape,
    loss_of_model,
    overrides,
    refuse_texts,
    row_shapes,
    shape_taken,
)
from automl.models.several_inputs import has_several, input_parts, takes_names
from automl.models.several_outputs import has_several_outputs, joined_outputs
from automl.models.wanted_input import is_whole
from automl.space import Configuration, SearchSpace
from automl.space.data_rules import check_inputs_suit
from automl.space.keras_tuner import HyperBuilder
from automl.space.origin import ReusingBuilder
from automl.vocabulary.inputs import TABLE, VECTOR

if TYPE_CHECKING:
    from automl.models.hyper import HyperBuilt

OWN_STEPS = (
    "train_step",
    "test_step",
    "predict_step",
    "compute_loss",
    "compute_metrics",
    "fit",
    "make_train_function",
    "evaluate",
    "predict",
)
"""Methods of a model that would be lost if it were made a part of another one."""


@dataclass(frozen=True)
class Core:
    """A built core model.

    Attributes:
        model: The ``keras.Model`` to train; uncompiled unless the builder compiled it.
        compiled_by_user: Whether the builder returned a compiled model, whose optimizer, loss
            and metrics are then kept.
        form: How a model that is trained as its author made it takes rows and targets; None
            where the model is a core in the contract's form.
        signature: The arrays' signature, where there is a form.
        hyper: What a builder in KerasTuner's form was called with, or None.
        own: The model as the builder returned it, where the rows come to it as it wants them;
            None where the builder returned a feature tensor.
    """

    model: Any
    compiled_by_user: bool
    form: ArrayForm | None = None
    signature: InputSignature | None = None
    hyper: HyperBuilt | None = None
    own: Any = None

    def in_contract(self, scale: TargetScale) -> Any:
        """The model to save, in the contract's form and with the weights of `model`.

        What changes images in training is left out.

        Args:
            scale: How the data's targets are standardized.
        """
        if self.form is None or self.signature is None:
            return without_augmentation(self.model)
        return contract_core(self.model, self.form, self.signature, scale)


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
    if isinstance(space.build, HyperBuilder):
        return _from_hyper(space.name, space.build, config, task, signature)
    check_inputs_suit(space, signature)
    table = ImageInputs(signature) if signature.pixel else TableInputs(signature)
    inputs = _given_to_builder(space, table, config)
    built = space.build(config, inputs, task)
    if isinstance(built, keras.Model):
        if space.inputs == VECTOR and has_several(built):
            return _from_own(space.name, built, task, signature)
        if space.inputs == VECTOR and overrides(built, OWN_STEPS):
            _check_vector(space.name, signature, config)
            return _from_own(space.name, built, task, signature)
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


def _given_to_builder(
    space: SearchSpace, table: TableInputs | ImageInputs, config: Configuration
) -> Any:
    """What the builder of a space starts from."""
    if isinstance(space.build, ReusingBuilder):
        return table
    if isinstance(table, ImageInputs):
        images = table.scaled(config)
        return keras.layers.Flatten()(images) if space.inputs == VECTOR else images
    return table if space.inputs == TABLE else vector_input(table, config)


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
        if core.hyper is not None and core.hyper.trains_itself:
            config = {}  # its fit has an optimizer of its own; this one is for evaluation only
        logits = core.form is not None and bool(core.form.activation)
        loss, metrics = make_loss(task, config, from_logits=logits), make_metrics(task, logits)
        if mixes(config) and core.form is None:
            width = 1 if task.kind is TaskKind.MULTICLASS else task.outputs
            loss, metrics = MixedLoss(loss, width), []
        core.model.compile(make_optimizer(config), loss, metrics=metrics, jit_compile=False)
    return core.model


def _from_hyper(
    name: str,
    builder: HyperBuilder,
    config: Mapping[str, Any],
    task: Task,
    signature: InputSignature,
) -> Core:
    """Builds with a builder in KerasTuner's form.

    A model that names no input shape gets the data's own; where that does not lead to the task's
    outputs, such as an image in front of a dense layer, it is built again for another one.
    """
    from automl.models.hyper import (
        build_hyper,
    )  # and with it KerasTuner, only where it is asked for

    shapes = row_shapes(signature)
    for index, shape in enumerate(shapes):
        hyper = build_hyper(builder, dict(config), image_shape(signature), task.outputs)
        if not isinstance(hyper.model, keras.Model):
            raise SpaceError(
                f"The builder {name!r} returned {_described(hyper.model)}; a function build(hp), "
                "or HyperModel.build, has to return a keras.Model."
            )
        is_called = not getattr(hyper.model, "inputs", None)
        try:
            own = hyper.model
            if has_several_outputs(own) and not hyper.trains_itself:
                own = joined_outputs(name, own, task)
            core = _from_own(name, own, task, signature, shape)
        except Exception:  # layers raise what they like for a shape that they do not take
            if index + 1 == len(shapes) or not is_called:
                raise
        else:
            return replace(core, hyper=hyper)
    raise AssertionError("there is at least one shape")


def _from_own(
    name: str, model: Any, task: Task, signature: InputSignature, shape: Any = None
) -> Core:
    """A core that trains a model as it is, on arrays in the form that it takes.

    Args:
        name: The space's name.
        model: The model.
        task: The task.
        signature: The arrays' signature.
        shape: Shape of a row for a model that names none.
    """
    refuse_texts(name, model, signature)
    parts = input_parts(name, model, signature) if has_several(model) else ()
    taken = () if parts else shape_taken(name, model, signature)
    if taken is None:
        taken = shape or row_shapes(signature)[0]
        outputs = model(keras.Input(taken))
    else:
        outputs = model.outputs[0] if len(model.outputs) == 1 else model.outputs
    if isinstance(outputs, list | tuple | dict) and len(outputs) > 1:
        raise SpaceError(
            f"The model of space {name!r} has {len(outputs)} outputs, and a search trains one: end "
            f"it in a single layer of shape (None, {task.outputs}), which may stand for several "
            "targets."
        )
    given = getattr(outputs, "shape", None)
    form = choose_form(name, model, taken, given, task)
    dtypes = [str(tensor.dtype) for tensor in getattr(model, "inputs", None) or ()]
    if parts:
        form = replace(form, parts=parts, by_name=takes_names(model))
    elif dtypes and is_whole(dtypes[0]):
        form = replace(form, dtype=dtypes[0])
    return Core(model, bool(model.compiled), form, signature, own=model)


def _check_vector(name: str, signature: InputSignature, config: Mapping[str, Any]) -> None:
    """Raises SpaceError where a vector input is not only arithmetic, but learnt with the model."""
    encoding = str(config.get("categorical_encoding") or "one_hot")
    is_standardized = str(config.get("input_normalization") or "standardize") == "standardize"
    if (
        is_standardized
        and not embeds_numbers(config)
        and not any(uses_embedding(codes - 1, encoding) for codes in signature.cardinalities)
    ):
        return
    raise SpaceError(
        f"The builder of space {name!r} returned a model with a train_step or fit of its own, "
        "which cannot train the embeddings and normalizations in front of it; declare "
        'inputs="table", and make it with keras.Model(inputs.tensors, ...).'
    )


def _from_model(
    name: str, built: Any, table: TableInputs | ImageInputs, inputs: Any, task: Task
) -> Core:
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
    if task.is_classification and loss_of_model(built).from_logits:
        raise SpaceError(
            f"The builder of space {name!r} compiled its model with from_logits=True, but a core "
            "answers with probabilities: end it with softmax or sigmoid, or do not compile it."
        )
    if task.is_classification and not built.compiled and ends_in_logits(built):
        usual = "softmax" if task.kind is TaskKind.MULTICLASS else "sigmoid"
        outputs = keras.layers.Activation(usual)(outputs)
        return Core(_model(name, table, outputs), compiled_by_user=False)
    if built.compiled and model is not built:
        # The arguments of compile() as they were given: serializing them would lose a loss or
        # a metric that is a plain function.
        model.compile(**{**compile_arguments(built), "jit_compile": False})
    own = None if isinstance(inputs, TableInputs) else built
    return Core(model, compiled_by_user=bool(built.compiled), own=own)


def _model(name: str, table: TableInputs | ImageInputs, outputs: Any) -> Any:
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
