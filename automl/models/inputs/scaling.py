"""Standardizing and clipping in Keras, to the last digit as a plan does it in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.data.clipping import LARGEST, Clip, ClipKind


def standardized(values: Any, mean: Sequence[float], std: Sequence[float]) -> Any:
    """Computes ``(values - mean) * (1 / std)``."""
    scale: npt.NDArray[np.float32] = np.float32(1.0) / np.asarray(std, np.float32)
    centred = keras.ops.subtract(values, np.asarray(mean, np.float32))
    return keras.ops.multiply(centred, scale)


def clipped(values: Any, clips: Sequence[Clip]) -> Any:
    """Clips columns, each as it says; one clip may stand for all."""
    limits = {
        kind: np.asarray([c.limit if c.kind is kind else np.inf for c in clips], np.float32)
        for kind in {c.kind for c in clips} - {ClipKind.NONE}
    }
    for kind, limit in sorted(limits.items()):
        if kind is ClipKind.HARD:
            values = keras.ops.minimum(keras.ops.maximum(values, -limit), limit)
            continue
        # An infinite limit leaves a column as it is: x / inf is 0, and x / sqrt(1) is x.
        bound = np.where(np.isinf(limit), limit, np.float32(LARGEST))
        values = keras.ops.minimum(keras.ops.maximum(values, -bound), bound)
        share = keras.ops.square(keras.ops.divide(values, limit))
        values = keras.ops.divide(values, keras.ops.sqrt(keras.ops.add(share, 1.0)))
    return values
