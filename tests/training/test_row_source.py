"""Rows are the same by whatever way a device takes them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.training.row_source import RowSource


@settings(deadline=None, max_examples=30)
@given(
    shape=st.lists(st.integers(1, 5), min_size=0, max_size=3),
    rows=st.lists(st.integers(0, 8), max_size=6),
    dtype=st.sampled_from(["uint8", "float32", "int32"]),
    on_gpu=st.booleans(),
)
def test_rows_are_those_of_the_tensor(
    shape: list[int], rows: list[int], dtype: str, on_gpu: bool
) -> None:
    array = np.random.default_rng(0).integers(0, 256, (9, *shape)).astype(dtype)

    @tf.function(autograph=False)
    def taken(numbers: tf.Tensor) -> tf.Tensor:
        return RowSource(tf.constant(array), on_gpu).at(numbers)

    found = taken(tf.constant(rows, tf.int32))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.numpy(), array[np.array(rows, int)])


@pytest.mark.parametrize(
    ("size", "wide"), [(784, tf.int64), (12, tf.float32), (30, tf.float16), (27, tf.float16)]
)
def test_a_gpu_gathers_no_bytes(size: int, wide: tf.DType) -> None:
    every = tf.tile(tf.reshape(tf.range(256), (256, 1)), (1, size))  # each byte, NaNs' among them
    images = tf.cast(every, tf.uint8)

    @tf.function(autograph=False)
    def taken(numbers: tf.Tensor) -> tf.Tensor:
        return RowSource(images, on_gpu=True).at(numbers)

    numbers = tf.range(255, -1, -1)
    graph = taken.get_concrete_function(numbers).graph
    [gather] = [one for one in graph.get_operations() if one.type == "GatherV2"]
    assert gather.inputs[0].dtype == wide
    np.testing.assert_array_equal(taken(numbers).numpy(), images.numpy()[::-1])
