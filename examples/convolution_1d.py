"""Convolutions over sequences: which of three shapes a noisy signal has, wherever it stands.

Rows are an array of the shape (n, steps, channels).
"""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS, LONG = 64, 16


def rows(count: int = 450) -> tuple[Any, Any]:
    """A bell, a ramp or a pulse somewhere in one of two channels of noise: x (n, 64, 2), y (n,)."""
    rng = np.random.default_rng(0)
    place = np.linspace(0, 1, LONG)
    shapes = [np.exp(-(((place - 0.5) / 0.15) ** 2)), place, (abs(place - 0.5) < 0.25) * 1.0]
    x, y = rng.normal(0.0, 0.2, (count, STEPS, 2)), rng.integers(len(shapes), size=count)
    for row, shape, start in zip(x, y, rng.integers(STEPS - LONG, size=count), strict=True):
        row[start : start + LONG, 0] += shapes[shape]
    return x, y


def build(hp: Any) -> Any:
    """Convolutions with pooling between them, and the largest answer wherever it is."""
    import keras

    model = keras.Sequential([keras.Input((STEPS, 2))])
    filters, size = hp.Int("filters", 8, 64, step=8, default=16), hp.Choice("size", [3, 5, 7])
    for layer in range(hp.Int("layers", 1, 3, default=2)):
        model.add(keras.layers.Conv1D(filters << layer, size, padding="same", activation="relu"))
        model.add(keras.layers.MaxPooling1D(2))
    model.add(keras.layers.GlobalMaxPooling1D())
    model.add(keras.layers.Dense(3, activation="softmax"))
    rate = hp.Float("rate", 1e-4, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


if __name__ == "__main__":
    import automl

    print(automl.search(rows(), space=f"{__file__}:build", trials=10, seed=1).leaderboard())
