"""What counts as the same predictions, for networks that cancel small and large numbers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.errors import TrialError
from automl.training.dense.confirmation import CONFIRMED_DIFFERENCE, confirm
from automl.training.dense.trainer import DenseTrainer
from tests.training.dense.networks import COLUMNS, make_rows

UNITS = 64


def cancelling(scale: float) -> Any:
    """A network whose outputs, of about 1, are differences of terms of this size."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((COLUMNS,), name="numeric")
    first = keras.layers.Dense(UNITS, activation="tanh")(inputs)
    hidden = keras.layers.Dense(UNITS, activation="tanh")
    last = keras.layers.Dense(2)
    model = keras.Model({"numeric": inputs}, last(hidden(first)))
    model.compile("adam", "mse")
    draws = np.random.default_rng(1)
    kernel = hidden.kernel.numpy().copy()
    half = UNITS // 2
    kernel[:, half:] = kernel[:, :half] + draws.normal(size=(UNITS, half)) / scale / 10
    hidden.kernel.assign(kernel)
    terms = draws.normal(size=(half, 2)) * scale
    last.kernel.assign(np.concatenate([terms, -terms]))
    return model


def outputs_of(model: Any) -> tuple[Any, Any, Any]:
    """The rows, what the kernel predicts for them, and what Keras does."""
    rows = make_rows("numbers")
    _, outputs = DenseTrainer(model, rows, rows, 8).evaluate(rows)
    x = rows.data[0]
    return x, outputs, np.asarray(model(x, training=False))


@pytest.mark.parametrize("scale", [1.0, 1000.0, 2000.0])
def test_a_network_that_cancels_is_judged_by_what_rounding_does_to_it(scale: float) -> None:
    model = cancelling(scale)
    x, outputs, expected = outputs_of(model)
    difference = np.max(np.abs(outputs - expected) / np.maximum(1.0, np.abs(expected)))
    assert (difference > CONFIRMED_DIFFERENCE) == (scale > 1.0)
    before = model.get_weights()
    confirm(model, model.weights, x, outputs)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(("scale", "error"), [(1.0, 2e-4), (300.0, 0.01), (1000.0, 0.05)])
def test_a_larger_difference_is_refused_of_any_network(scale: float, error: float) -> None:
    model = cancelling(scale)
    x, outputs, _ = outputs_of(model)
    outputs[5, 1] += error * max(1.0, abs(outputs[5, 1]))
    before = model.get_weights()
    with pytest.raises(TrialError, match="predicts otherwise than Keras"):
        confirm(model, model.weights, x, outputs)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_predictions_made_of_rounding_errors_are_no_result() -> None:
    model = cancelling(1e6)
    x, outputs, _ = outputs_of(model)
    with pytest.raises(TrialError, match="rounded, so its score means nothing"):
        confirm(model, model.weights, x, outputs)


def test_a_prediction_that_is_no_number_is_refused() -> None:
    model = cancelling(1.0)
    x, outputs, _ = outputs_of(model)
    outputs[0, 0] = np.nan
    with pytest.raises(TrialError, match="predicts otherwise than Keras"):
        confirm(model, model.weights, x, outputs)
