"""First weights and statistics that need more than an initializer.

A layer says by its name that it wants whitened patches, or a kernel that hands on (both from Jordan
2024, arXiv 2404.00498), or the bins of numeric columns (`automl.models.inputs.piecewise`), so that
saved models consist of Keras's layers alone. Normalizations begin with the statistics of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.models.inputs.piecewise import ROWS as PIECEWISE_ROWS
from automl.models.inputs.piecewise import is_piecewise, set_bins
from automl.models.keras_private import layers_of, replace_call

WHITENING, IDENTITY = "whitening", "identity"
#: Training images that the patches are taken from, as in airbench ...
ROWS = 5_000
#: ... and places of patches in all: of large images fewer, for each has more (own choice: 4 million
#: of them tell the 12 numbers of a patch apart, and 5,000 photographs would take 20 GB).
PLACES = 4_000_000
#: Places whose patches are held at once.
_AT_ONCE = 200_000
#: Added to the patches' variances, so that what hardly varies is not blown up.
_LEAST_VARIANCE = 5e-4

Rows = Callable[[int], Any]


def set_first_weights(model: Any, rows: Rows) -> None:
    """Gives a new model's layers the first weights that they want; others keep their own.

    Args:
        model: A built ``keras.Model``.
        rows: Gives so many training rows (or all that there are) as the model takes them.
    """
    for layer in model.layers:
        name = layer.name.partition("_")[0]
        if name == IDENTITY and isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(with_identity(np.array(layer.kernel)))
        elif name == WHITENING and isinstance(layer, keras.layers.Conv2D):
            seen = keras.Model(model.input, layer.input)
            height, width = layer.input.shape[1:3]
            count = max(1, min(ROWS, PLACES // (height * width)))
            images = np.asarray(seen.predict(rows(count), verbose=0))
            layer.kernel.assign(whitening_kernel(images, layer.kernel_size[0]))


def set_fixed_weights(model: Any, rows: Rows) -> None:
    """Gives layers that nothing trains their weights, which a checkpoint need not have.

    They are told by the training rows alone, so that a trial that goes on has the same again; the
    compiled kernel has prepared its rows with them before it reads its checkpoint.

    Args:
        model: A built ``keras.Model``.
        rows: See `set_first_weights`.
    """
    for layer in model.layers:
        if is_piecewise(layer):
            seen = keras.Model(model.input, layer.input)
            set_bins(layer, np.asarray(seen.predict(rows(PIECEWISE_ROWS), verbose=0))[:, 0])


def set_first_statistics(model: Any, rows: Rows, count: int) -> None:
    """Has batch normalizations of images begin with the statistics of a batch, in place of 0 and 1.

    What is validated is normalized by moving averages. Where maps vary far less than by 1, as
    behind depthwise convolutions, an average that begins with 1 is wrong for hundreds of steps, in
    each layer anew: after six epochs of 45 steps `xception` scored at chance on validation rows
    (log loss 2.25; 0.12 with this), `densenet` 0.64 (0.39), `resnet` 0.18 (0.16) on the bundled
    digits. Statistics of the data before training are as old as data-dependent first weights
    (Krähenbühl et al. 2016, arXiv 1511.06856); those for validation matter as Wu and Johnson 2021
    (arXiv 2105.07576) have it.

    Nothing random is drawn. Layers that have learnt elsewhere keep what they have.

    Args:
        model: A built ``keras.Model``.
        rows: See `set_first_weights`.
        count: Rows of the batch.
    """
    layers = [layer for layer in layers_of(model) if _is_new_normalization(layer)]
    if not any(layer.input_spec.ndim == 4 for layer in layers):
        return
    before = [(layer, layer.call, layer.momentum) for layer in layers]
    try:
        for layer, call, _ in before:
            layer.momentum = 0.0
            replace_call(layer, partial(_training_call, call))
        model(rows(count), training=False)
    finally:
        for layer, call, momentum in before:
            layer.momentum = momentum
            replace_call(layer, call)


def _training_call(call: Callable[..., Any], inputs: Any, **options: Any) -> Any:
    return call(inputs, **{**options, "training": True})


def _is_new_normalization(layer: Any) -> bool:
    return (
        type(layer) is keras.layers.BatchNormalization
        and bool(layer.trainable)
        and not np.any(np.array(layer.moving_mean))
        and bool(np.all(np.array(layer.moving_variance) == 1.0))
    )


def with_identity(kernel: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A kernel whose first channels hand on those that come in, the others as they are.

    Args:
        kernel: (height, width, channels in, channels out), sides odd.
    """
    made = kernel.copy()
    height, width, into, out = kernel.shape
    count = min(into, out)
    made[..., :count] = 0.0
    made[height // 2, width // 2, np.arange(count), np.arange(count)] = 1.0
    return made


def whitening_kernel(images: npt.NDArray[Any], side: int) -> npt.NDArray[Any]:
    """Kernels that decorrelate patches and give them one variance, each with its negative.

    Args:
        images: (n, height, width, channels), scaled as the layer takes them.
        side: Side of a patch.

    Returns:
        float32 (side, side, channels, 2 * channels * side ** 2).
    """
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    (_, down, across), channels = windows.shape[:3], images.shape[-1]
    size, places = side * side * channels, len(images) * down * across
    products = np.zeros((size, size))
    at_once = max(1, _AT_ONCE // (down * across))
    for start in range(0, len(images), at_once):
        # (n, places, places, channels, side, side) as (patches, size)
        part = windows[start : start + at_once].transpose(0, 1, 2, 4, 5, 3).reshape(-1, size)
        patches = part.astype(np.float64)
        products += patches.T @ patches
    variances, vectors = np.linalg.eigh(products / max(1, places))
    scaled = vectors / np.sqrt(variances + _LEAST_VARIANCE)
    kernel = scaled[:, ::-1].reshape(side, side, channels, -1)
    return np.concatenate([kernel, -kernel], axis=-1).astype(np.float32)
