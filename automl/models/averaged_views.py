"""A model whose answers are averaged over test-time views, as one model of Keras's own operations.

Each view takes an image's rows and columns in another order, which is exact, the same in every
format, and saved without code of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.data.image_views import ImageView


def averaged_over_views(core: Any, views: Sequence[ImageView]) -> Any:
    """Builds the model that answers with the weighted mean of a model's answers to views.

    Args:
        core: A ``keras.Model`` of one input, images (None, height, width, channels); it keeps its
            weights and is part of the new model.
        views: The views of an image.

    Returns:
        A ``keras.Model`` of the same input and output.
    """
    [given] = core.inputs
    image = keras.Input(given.shape[1:], dtype=given.dtype, name=given.name)
    # Called by position: the inputs of cores have names, and those of others may have none.
    alone = keras.Model(core.inputs, core.outputs, name="core")
    mean = None
    for view in views:
        answer = alone([_seen(image, view)])
        answer = answer[0] if isinstance(answer, list) else answer
        part = keras.ops.multiply(answer, np.float32(view.weight))
        mean = part if mean is None else keras.ops.add(mean, part)
    return keras.Model({given.name: image}, mean, name="averaged_over_views")


def _seen(image: Any, view: ImageView) -> Any:
    """An image in a view; itself where the view is of it as it is."""
    _, height, width, _ = image.shape
    for axis, places in ((1, view.rows(height)), (2, view.columns(width))):
        if places != list(range(len(places))):
            image = keras.ops.take(image, places, axis=axis)
    return image
