"""What counts as the same predictions, for networks that cancel small and large numbers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.errors import TrialError
from automl.training.kernel import confirmation
from automl.training.kernel.confirmation import CONFIRMED_DIFFERENCE, confirm
from automl.training.kernel.trainer import DenseTrainer
from tests.training.kernel.networks import COLUMNS, make_rows


def cancelling(
    scale: float, activation: str = "tanh", units: int = 64, seed: int = 1, normalized: bool = False
) -> Any:
    """A network whose outputs are differences of terms of this size."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((COLUMNS,), name="numeric")
    x = inputs
    for _ in range(2):
        hidden = keras.layers.Dense(units)
        x = hidden(x)
        if normalized:
            x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation(activation)(x)
    last = keras.layers.Dense(2)
    model = keras.Model({"numeric": inputs}, last(x))
    model.compile("adam", "mse")
    draws = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(draws.uniform(0.1, 2.0, units))
    kernel = hidden.kernel.numpy().copy()
    half = units // 2
    kernel[:, half:] = kernel[:, :half] + draws.normal(size=(units, half)) / scale / 10
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


def test_a_network_that_cancels_little_is_confirmed() -> None:
    model = cancelling(1.0)
    x, outputs, _ = outputs_of(model)
    confirm(model, model.weights, x, outputs)


@pytest.mark.parametrize("scale", [1000.0, 2000.0, 1e6])
def test_what_rounding_does_is_no_defect_of_the_kernel(scale: float) -> None:
    model = cancelling(scale)
    x, outputs, expected = outputs_of(model)
    difference = np.max(np.abs(outputs - expected) / np.maximum(1.0, np.abs(expected)))
    assert difference > CONFIRMED_DIFFERENCE
    before = model.get_weights()
    with pytest.raises(TrialError, match="when its weights are rounded, more than an exported"):
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


def test_a_prediction_that_is_no_number_is_refused() -> None:
    model = cancelling(1.0)
    x, outputs, _ = outputs_of(model)
    outputs[0, 0] = np.nan
    with pytest.raises(TrialError, match="predicts otherwise than Keras"):
        confirm(model, model.weights, x, outputs)


@pytest.mark.slow  # the measurement that ROUNDINGS comes from; its output says what was measured
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "selu"])
@pytest.mark.parametrize("units", [64, 300])
def test_what_two_correct_computations_differ_by(
    units: int, activation: str, normalized: bool
) -> None:
    largest = 0.0
    for scale in (1.0, 1e2, 1e3, 1e4, 1e5, 1e6):
        for seed in range(4):
            model = cancelling(scale, activation, units, seed, normalized)
            x, outputs, expected = outputs_of(model)
            difference = confirmation._difference(outputs, expected)
            rounding = confirmation._effect_of_rounding(model, model.weights, x, expected)
            largest = max(largest, difference / rounding)
    print(f"at most {largest:.2f} times of what rounding the weights does")
    assert largest < confirmation.ROUNDINGS
