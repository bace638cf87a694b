"""Images in Keras: an exported model takes them in any size, and resizes them for its core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from automl.data.image_options import PAD
from automl.data.kinds.image.pixels import BRIGHTEST, BYTE
from automl.data.kinds.image.plan import ImagePlan
from automl.vocabulary.inputs import IMAGE


def raw_inputs(plan: ImagePlan) -> dict[str, Any]:
    """The one input: images of any size."""
    shape = (None, None, plan.block.channels)
    return {IMAGE: keras.Input(shape, dtype=plan.block.pixel, name=IMAGE)}


def whole(inputs: Mapping[str, Any]) -> Any:
    """What the exported model is made with: one array, and no dictionary."""
    return inputs[IMAGE]


def core_inputs(plan: ImagePlan, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Reads the plan in Keras; see `automl.models.preprocessing.core_inputs`.

    Images of the one size come out as they were: the filter is then one pixel wide.
    """
    one = plan.block
    numbers = keras.ops.image.resize(
        keras.ops.cast(inputs[IMAGE], "float32"),
        (one.height, one.width),
        interpolation="bilinear",
        antialias=True,
        pad_to_aspect_ratio=one.fit == PAD,
        data_format="channels_last",
    )
    if one.pixel == BYTE:
        numbers = keras.ops.clip(keras.ops.round(numbers), 0, BRIGHTEST)
    return {IMAGE: keras.ops.cast(numbers, one.pixel)}
