"""How many rows a model predicts at once, and that it changes nothing."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.data.plan import Rows
from automl.training import evaluation
from automl.training.device_data import DeviceRows
from automl.training.evaluation import LEAST_AT_ONCE, ROWS_AT_ONCE, Evaluator, rows_at_once


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


def test_parts_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(150, 64)).astype(np.float32)
    y = generator.normal(size=(150, 1)).astype(np.float32)
    rows = DeviceRows.from_rows(Rows(x, np.zeros((150, 0), np.int32), y, truth=y, weight=None))
    inputs = keras.Input((64,), name="numeric")
    image = keras.layers.Reshape((8, 8, 1))(inputs)
    model = keras.Model({"numeric": inputs}, convolutional(8, 4)(image))
    model.compile("sgd", "mse")
    whole = Evaluator(model)
    whole.trace(rows)
    monkeypatch.setattr(evaluation, "ACTIVATIONS_AT_ONCE", 1)
    parts = Evaluator(model)
    parts.trace(rows)
    loss, outputs = parts.evaluate(rows)
    assert (loss, len(outputs)) == (pytest.approx(whole.evaluate(rows)[0], rel=1e-5), 150)
    np.testing.assert_allclose(outputs, whole.evaluate(rows)[1], atol=1e-6)
