"""Changes of training images as Keras's own layers: they do nothing to images that are predicted.

They stand in front of the scaling, where the range of bytes is known. A model is saved without
them (`without_augmentation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from automl.errors import SpaceError
from automl.models.keras_private import forget_compilation
from automl.vocabulary.augmentations import (
    AUGMENTATION,
    FLIP,
    FLIPS,
    PARTS,
    RAND_AUGMENT,
    RAND_STRENGTH,
    STRENGTHS,
)

_NAME = "augmentation_"
_COLOURS = 3


def augmented(x: Any, config: Mapping[str, Any], value_range: tuple[float, float]) -> Any:
    """Images behind the changes of a configuration; themselves where it names none.

    Args:
        x: Tensor of shape (None, height, width, channels), not scaled.
        config: The trial's configuration; reads ``augmentation`` and what belongs to it.
        value_range: Least and greatest number of a pixel, which brighter or darker ones are cut to.

    Raises:
        SpaceError: RandAugment is to change images of two channels.
    """
    kind = config.get(AUGMENTATION)
    if kind == RAND_AUGMENT:
        return _rand_augmented(x, float(config[RAND_STRENGTH]), value_range)
    if kind != PARTS:
        return x
    if mode := FLIPS[config.get(FLIP) or "none"]:
        x = keras.layers.RandomFlip(mode, name=f"{_NAME}{FLIP}")(x)
    for name, entry in STRENGTHS.items():
        strength = float(config.get(name) or 0.0) * entry.whole
        if not strength:
            continue
        arguments: dict[str, Any] = {"name": f"{_NAME}{name}"}
        if entry.has_range:
            arguments["value_range"] = value_range
        layer = getattr(keras.layers, entry.keras)
        if name == "cutout":
            x = layer(scale=(0.0, strength), **arguments)(x)
        else:
            x = layer(*[strength] * (2 if entry.sides else 1), **arguments)(x)
    return x


def _rand_augmented(x: Any, strength: float, value_range: tuple[float, float]) -> Any:
    """RandAugment, which takes colours: grey images are three equal ones meanwhile.

    What is beyond them, such as transparency, stays as it is.
    """
    layer = keras.layers.RandAugment(value_range, factor=strength, name=f"{_NAME}{RAND_AUGMENT}")
    channels = int(x.shape[-1])
    if channels == 1:
        return layer(keras.layers.Concatenate()([x] * _COLOURS))[..., :1]
    if channels == _COLOURS:
        return layer(x)
    if channels < _COLOURS:
        raise SpaceError(
            f"RandAugment changes grey images and colours, and these have {channels} channels: "
            "take --set augmentation=none,parts."
        )
    return keras.layers.Concatenate()([layer(x[..., :_COLOURS]), x[..., _COLOURS:]])


def without_augmentation(model: Any) -> Any:
    """The model with the same layers and weights, but those that change training images.

    Args:
        model: A functional ``keras.Model``. Where it has some, it cannot be trained any more.

    Returns:
        The model itself where it has none.
    """
    if not any(layer.name.startswith(_NAME) for layer in model.layers):
        return model
    if model.compiled:  # Keras would compile the clone alike, which needs the code of its loss
        forget_compilation(model)
    return keras.models.clone_model(
        model,
        clone_function=lambda layer: layer,
        call_function=lambda layer, *args, **kwargs: (
            args[0] if layer.name.startswith(_NAME) else layer(*args, **kwargs)
        ),
    )
