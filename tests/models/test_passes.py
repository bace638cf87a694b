"""How many rows a model takes in one forward pass."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.export import keras_only
from automl.models.passes import (
    LEAST_AT_ONCE,
    MANY_INPUTS,
    ROWS_AT_ONCE,
    predict_rows,
    rows_at_once,
)


def convolutional(size: int, filters: int) -> Any:
    return keras.Sequential(
        [
            keras.Input((size, size, 1)),
            keras.layers.Conv2D(filters, 3, padding="same"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ]
    )


def test_wide_layers_go_in_small_parts() -> None:
    dense = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    assert rows_at_once(dense) == ROWS_AT_ONCE
    assert LEAST_AT_ONCE < rows_at_once(convolutional(28, 16)) < ROWS_AT_ONCE
    assert rows_at_once(convolutional(256, 32)) == LEAST_AT_ONCE
    assert rows_at_once(keras.Sequential([convolutional(28, 16)])) == rows_at_once(
        convolutional(28, 16)
    )


@pytest.mark.parametrize("columns", [2, MANY_INPUTS + 3])
def test_rows_are_predicted_alike_however_many_inputs_there_are(columns: int) -> None:
    names = [f"c{i}" for i in range(columns)]
    inputs = {name: keras.Input((1,), name=name) for name in names}
    joined = keras.layers.Concatenate()(list(inputs.values()))
    model = keras.Model(inputs, keras.layers.Dense(2)(joined))
    rng = np.random.default_rng(0)
    rows = {name: rng.normal(size=(11, 1)).astype(np.float32) for name in names}
    expected = np.asarray(model(rows))
    np.testing.assert_allclose(predict_rows(model, rows, 11, 4), expected, atol=1e-6)


def test_the_number_of_many_inputs_is_one_in_both_places() -> None:
    assert keras_only.MANY_INPUTS == MANY_INPUTS
