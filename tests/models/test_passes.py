"""How many rows a model takes in one forward pass."""

from __future__ import annotations

from typing import Any

import keras

from automl.models.passes import LEAST_AT_ONCE, ROWS_AT_ONCE, rows_at_once


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
