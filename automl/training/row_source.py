"""Rows of a tensor by their numbers, taken in graphs on the device where the tensor lies."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from automl.training.device import has_gpu

#: Types that `tf.gather` takes on a GPU, the widest first.
_WIDE = (tf.int64, tf.float32, tf.float16)


class RowSource:
    """A tensor of which graphs take rows.

    TensorFlow gathers no bytes on a GPU (2.21 has that kernel for 16 bits and more): it would copy
    all images to main memory in every call, to take a batch of them there. So bytes are gathered
    as wider numbers, of which a row's bytes are a view; where these are an odd number, each as a
    number of its own.

    To be made outside of the loop that takes rows.

    Args:
        tensor: The rows, (n, ...).
        on_gpu: Whether a GPU takes them.
    """

    def __init__(self, tensor: Any, on_gpu: bool | None = None) -> None:
        self._shape = tuple(tensor.shape[1:])
        self._dtype = tensor.dtype
        self._wide: Any = None
        self._rows = tensor
        is_on_gpu = has_gpu() if on_gpu is None else on_gpu
        if tensor.dtype != tf.uint8 or not is_on_gpu:
            return
        size = math.prod(self._shape)
        self._wide = next((one for one in _WIDE if size % one.size == 0), None)
        if self._wide is None:
            self._rows = tf.cast(tensor, tf.float16)  # which holds 0 to 255 as they are
            return
        count, width = int(tensor.shape[0]), self._wide.size
        self._rows = tf.bitcast(tf.reshape(tensor, (count, size // width, width)), self._wide)

    def at(self, rows: Any) -> Any:
        """Some of the rows, as the tensor has them.

        Args:
            rows: Their numbers, int32 (m,).
        """
        taken = tf.gather(self._rows, rows)
        if self._wide is not None:
            taken = tf.bitcast(taken, self._dtype)
            return tf.reshape(taken, (-1, *self._shape))
        return tf.cast(taken, self._dtype)
