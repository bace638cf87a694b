"""Monte Carlo dropout: the dropout layers draw, wherever they are, and nothing else does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from automl.models.mc_dropout import draw_dropout

layers = keras.layers
LAYERS = {
    "Dropout": lambda: layers.Dropout(0.5),
    "SpatialDropout1D": lambda: layers.SpatialDropout1D(0.5),
    "AlphaDropout": lambda: layers.AlphaDropout(0.5),
    "GaussianDropout": lambda: layers.GaussianDropout(0.5),
    "GaussianNoise": lambda: layers.GaussianNoise(0.5),
    "GRU": lambda: layers.GRU(3, return_sequences=True, recurrent_dropout=0.5),
    "LSTM": lambda: layers.LSTM(3, return_sequences=True, dropout=0.5),
    "RNN": lambda: layers.RNN(layers.LSTMCell(3, dropout=0.5), return_sequences=True),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Dropout(0.5)),
    "Sequential": lambda: keras.Sequential([layers.Dense(3), layers.Dropout(0.5)]),
    "OwnLayer": lambda: Own(),
}
X = np.random.default_rng(0).normal(3.0, 2.0, (40, 4, 3)).astype(np.float32)


class Own(keras.layers.Layer):
    """A layer of somebody's own, with dropout inside."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = layers.Dropout(0.5)

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)


def built(*parts: Any) -> Any:
    inputs = keras.Input((4, 3))
    x = inputs
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


def made(name: str) -> Any:
    keras.utils.set_random_seed(1)
    return built(LAYERS[name]())


def predicted(model: Any) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = model.predict(X, verbose=0)
    return found


@pytest.mark.parametrize("name", LAYERS)
def test_each_kind_draws_by_the_seed(name: str) -> None:
    model = made(name)
    still = predicted(model)
    np.testing.assert_array_equal(predicted(model), still)
    assert draw_dropout(model, 0)
    first, second = predicted(model), predicted(model)
    assert not np.allclose(first, still)
    assert not np.allclose(first, second)
    again = made(name)
    assert draw_dropout(again, 0)
    np.testing.assert_array_equal(predicted(again), first)
    np.testing.assert_array_equal(predicted(again), second)
    other = made(name)
    assert draw_dropout(other, 1)
    assert not np.allclose(predicted(other), first)


def test_batch_normalization_stays_as_in_inference() -> None:
    normalized = built(layers.BatchNormalization())
    expected = predicted(
        normalized
    )  # by its own mean of 0 and variance of 1, not the rows' 3 and 4
    model = built(layers.BatchNormalization(), layers.Dropout(0.5))
    before = [np.array(value) for value in model.layers[1].get_weights()]
    assert draw_dropout(model, 0)
    drawn = predicted(model)
    kept = drawn != 0.0
    assert 0.4 < kept.mean() < 0.6
    np.testing.assert_allclose(drawn[kept], 2.0 * expected[kept], rtol=1e-6)
    for old, new in zip(before, model.layers[1].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_augmentation_and_layers_that_drop_nothing_do_not_count() -> None:
    quiet = (layers.Dropout(0.0), layers.LSTM(3, return_sequences=True), layers.Dense(2))
    assert not draw_dropout(built(*quiet), 0)
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, layers.RandomFlip()(inputs))
    images = np.random.default_rng(0).random((3, 4, 4, 1)).astype(np.float32)
    assert not draw_dropout(model, 0)
    np.testing.assert_array_equal(model.predict(images, verbose=0), images)
