"""The fused normalization trains as Keras's own does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.training.fused_normalization import can_fuse, fuse_normalization


def images(rows: int = 12) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    x = generator.normal(2.0, 3.0, (rows, 8, 8, 2)).astype(np.float32)
    return x, generator.integers(0, 3, rows)


def network(fused: bool, scale: bool = True) -> Any:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 2))
    x = inputs
    for filters in (4, 6):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.8, scale=scale)(x)
        x = keras.layers.Activation("relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))
    if fused:
        fuse_normalization(model)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("scale", [True, False])
def test_the_same_weights_and_moving_averages_come_out(scale: bool) -> None:
    x, y = images()
    plain, fused = network(False, scale), network(True, scale)
    histories = [
        model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=0).history["loss"]
        for model in (plain, fused)
    ]
    np.testing.assert_allclose(*histories, rtol=1e-5)
    for mine, theirs in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(fused.predict(x, verbose=0), plain.predict(x, verbose=0), atol=1e-5)


def test_a_saved_model_knows_nothing_of_it(tmp_path: Any) -> None:
    x, y = images()
    model = network(True)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    assert "call" not in vars(loaded.layers[2])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (keras.layers.BatchNormalization(), (None, 5)),
        (keras.layers.BatchNormalization(axis=1), (None, 3, 4, 4)),
        (keras.layers.BatchNormalization(epsilon=1e-6), (None, 4, 4, 3)),
        (keras.layers.BatchNormalization(dtype="mixed_float16"), (None, 4, 4, 3)),
        (keras.layers.BatchNormalization(trainable=False), (None, 4, 4, 3)),
        (keras.layers.LayerNormalization(), (None, 4, 4, 3)),
    ],
    ids=["table", "channels first", "epsilon", "precision", "frozen", "other"],
)
def test_what_the_operation_cannot_do_stays_with_keras(layer: Any, shape: Any) -> None:
    layer.build(shape)
    assert not can_fuse(layer)
