"""A GELU that hands on to its gradient what it has computed trains as Keras's own does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.training.reused_gelu import can_reuse, reuse_gelu


def network(reused: bool) -> Any:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 2))
    x = inputs
    for filters in (4, 6):
        x = keras.layers.Conv2D(filters, 3, padding="same")(x)
        x = keras.layers.Activation("gelu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))
    if reused:
        reuse_gelu(model)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def images() -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    x = generator.normal(0.0, 3.0, (12, 8, 8, 2)).astype(np.float32)
    return x, generator.integers(0, 3, 12)


def test_the_same_weights_come_out() -> None:
    x, y = images()
    plain, reused = network(False), network(True)
    histories = [
        model.fit(x, y, batch_size=5, epochs=5, shuffle=False, verbose=0).history["loss"]
        for model in (plain, reused)
    ]
    np.testing.assert_allclose(*histories, rtol=1e-5)
    for mine, theirs in zip(reused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_a_saved_model_knows_nothing_of_it(tmp_path: Any) -> None:
    x, y = images()
    model = network(True)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    assert not any("call" in vars(layer) for layer in loaded.layers)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Activation("relu"),
        keras.layers.Activation("gelu", dtype="mixed_float16"),
        keras.layers.Activation(lambda x: keras.activations.gelu(x, approximate=True)),
        keras.layers.Dense(3, activation="gelu"),
    ],
)
def test_other_activations_stay_with_keras(layer: Any) -> None:
    assert not can_reuse(layer)
