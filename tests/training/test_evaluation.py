"""Scoring rows in parts changes nothing."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from automl.data.plan import Rows
from automl.models import passes
from automl.training.device_data import DeviceRows
from automl.training.evaluation import Evaluator
from tests.models.test_passes import convolutional


def test_parts_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(150, 64)).astype(np.float32)
    y = generator.normal(size=(150, 1)).astype(np.float32)
    rows = DeviceRows.from_rows(Rows({"numeric": x}, y, truth=y, weight=None))
    inputs = keras.Input((64,), name="numeric")
    image = keras.layers.Reshape((8, 8, 1))(inputs)
    model = keras.Model({"numeric": inputs}, convolutional(8, 4)(image))
    model.compile("sgd", "mse")
    whole = Evaluator(model)
    whole.trace(rows)
    monkeypatch.setattr(passes, "ACTIVATIONS_AT_ONCE", 1)
    parts = Evaluator(model)
    parts.trace(rows)
    loss, outputs = parts.evaluate(rows)
    assert (loss, len(outputs)) == (pytest.approx(whole.evaluate(rows)[0], rel=1e-5), 150)
    np.testing.assert_allclose(outputs, whole.evaluate(rows)[1], atol=1e-6)
