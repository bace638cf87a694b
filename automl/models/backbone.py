"""Layers that are taken over, as one model inside the model: the backbone.

`automl.training.stages` finds it by its name.
"""

from __future__ import annotations

from typing import Any

import keras

from automl.data.kinds.signature import NUMERIC, InputSignature
from automl.errors import SpaceError
from automl.models.inputs.builder import TableInputs
from automl.models.inputs.builder_images import ImageInputs
from automl.models.inputs.piecewise import is_piecewise
from automl.models.inputs.scaling import standardized
from automl.models.keras_private import (
    functional_class,
    layers_of,
    made_from,
    nodes_of,
    operation_of,
)
from automl.models.own_model import OWN_NAME
from automl.vocabulary.two_stages import BACKBONE, ENCODER, RANDOM

#: The part of an exported model that was trained; see `automl.models.preprocessing.raw_model`.
_CORE = "core"
_NOISE = (
    keras.layers.Dropout,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
)
"""Layers that change what goes through them, in training alone."""


def bundle_backbone(whole: Any, where: str) -> Any:
    """The layers of an exported model between its preprocessing and its outputs, or its encoder's.

    Args:
        whole: The exported ``keras.Model``.
        where: Its place, for messages.

    Returns:
        A ``keras.Model``, of images from pixels as float32 on, with the scaling that it was trained
        with; of other rows from the core's inputs on, as a list.

    Raises:
        SpaceError: It is no single model with a dense layer at its end.
    """
    found = [layer for layer in whole.layers if layer.name == _CORE]
    if not found or not isinstance(found[0], functional_class()):
        raise SpaceError(
            f"The layers of {where} cannot be taken over, for it is an ensemble or a model of "
            "another form: export a single trial of a space."
        )
    core = _unfolded(found[0])
    inputs = [_behind_cast(core, tensor) for tensor in core.inputs]
    code = _encoded(core)
    if code is not None:
        return keras.Model(inputs, code, name=BACKBONE)
    output = core.outputs[0]
    while output is not None and not getattr(operation_of(output), "weights", ()):
        output = made_from(output)
    features = None if output is None else made_from(output)
    if features is None or not _is_dense(output):
        raise SpaceError(
            f"The layers of {where} cannot be taken over, for its last one is not dense: export a "
            "trial of a space whose builder returns features or dense outputs."
        )
    if operation_of(features) in map(operation_of, core.inputs):
        raise SpaceError(f"The model {where} is linear: it has no layers that could be taken over.")
    return keras.Model(inputs, features, name=BACKBONE)


def _is_dense(output: Any) -> bool:
    """Whether a tensor is a dense layer's answer to a row of numbers."""
    return isinstance(operation_of(output), keras.layers.Dense) and len(output.shape) == 2


def _unfolded(core: Any) -> Any:
    """The core, with the layers of a person's own model in the place of that model."""

    def is_own(layer: Any) -> bool:
        return layer.name == OWN_NAME and isinstance(layer, functional_class())

    if not any(map(is_own, core.layers)):
        return core
    return keras.models.clone_model(
        core,
        clone_function=lambda layer: layer,
        call_function=lambda layer, *args, **kwargs: (
            layer.call(*args, **kwargs) if is_own(layer) else layer(*args, **kwargs)
        ),
    )


def _encoded(core: Any) -> Any | None:
    """What the layer, or the model, named `ENCODER` answers in a model; None without one."""
    made = [node for node in nodes_of(core) if node.operation.name == ENCODER]
    return made[-1].output_tensors[0] if made else None


def _behind_cast(core: Any, tensor: Any) -> Any:
    """What an input of images is cast to, first of all; other inputs themselves."""
    if len(tensor.shape) != 4:
        return tensor
    readers = [node for node in nodes_of(core) if any(one is tensor for one in node.input_tensors)]
    return readers[0].output_tensors[0]


def placed(backbone: Any, given: Any, weights: str) -> Any:
    """The backbone's answer to some inputs.

    Args:
        backbone: The model that is taken over.
        given: Its inputs.
        weights: `PRETRAINED`: without dropout, so that it answers as it does when it predicts (its
            batch normalization stays frozen, see `automl.training.stages`: Keras has no other
            way, for ``training`` of a model is that of the models in it); or `RANDOM`: with new
            weights, trained as any layers.
    """
    if weights == RANDOM:
        new = keras.models.clone_model(backbone)
        for old, own in zip(layers_of(backbone), layers_of(new), strict=True):
            if is_piecewise(old):  # which is not learnt
                own.set_weights(old.get_weights())
        return keras.Model(new.inputs, new.outputs[0], name=BACKBONE)(given)
    return _without_noise(backbone)(given)


def _without_noise(model: Any) -> Any:
    """The model with the same layers and weights, but those that draw random numbers in training.

    Args:
        model: A functional ``keras.Model``.
    """
    if not any(isinstance(layer, _NOISE) for layer in model.layers):
        return model
    plain = keras.models.clone_model(
        model,
        clone_function=lambda layer: layer,
        call_function=lambda layer, *args, **kwargs: (
            args[0] if isinstance(layer, _NOISE) else layer(*args, **kwargs)
        ),
    )
    return keras.Model(plain.inputs, plain.outputs[0], name=model.name)


def bundle_inputs(
    inputs: TableInputs | ImageInputs, known: InputSignature, config: Any
) -> list[Any]:
    """What the backbone of a bundle is given, as it knows it.

    Args:
        inputs: The core's inputs.
        known: The signature of the rows that it was trained on.
        config: The trial's configuration, which may say how training images are changed.

    Returns:
        Pixels; or numbers standardized as the bundle's were, and codes.
    """
    if isinstance(inputs, ImageInputs):
        return [inputs.pixels(config)]
    own = inputs.signature
    tensors = dict(inputs.tensors)
    if NUMERIC in tensors and (own.mean, own.std) != (known.mean, known.std):
        raw = inputs.scaled_numeric("none")
        tensors[NUMERIC] = standardized(raw, known.mean, known.std)
    return list(tensors.values())
