"""An LSTM over sequences: the next value of a noisy wave from the 30 before it.

Rows are an array of the shape (n, steps, features), whose two targets are the next value and the
one after that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS, AHEAD = 30, 2


def rows(count: int = 400) -> tuple[Any, Any]:
    """Waves of random length and phase with noise: x (n, 30, 1), y (n, 2)."""
    rng = np.random.default_rng(0)
    length, phase = rng.uniform(8, 25, (count, 1)), rng.uniform(0, 2 * np.pi, (count, 1))
    waves = np.sin(2 * np.pi * np.arange(STEPS + AHEAD) / length + phase)
    waves += rng.normal(0.0, 0.05, waves.shape)
    return waves[:, :STEPS, np.newaxis], waves[:, STEPS:]


def build(hp: Any) -> Any:
    """One or two layers of LSTM."""
    import keras

    model = keras.Sequential([keras.Input((STEPS, 1))])
    units = hp.Int("units", 8, 64, step=8, default=16)
    if hp.Boolean("two_layers"):
        model.add(keras.layers.LSTM(units, return_sequences=True))
    model.add(keras.layers.LSTM(units))
    model.add(keras.layers.Dense(AHEAD))
    model.compile(keras.optimizers.Adam(hp.Float("rate", 1e-4, 1e-1, sampling="log")), "mse")
    return model


if __name__ == "__main__":
    import automl

    print(automl.search(rows(), space=f"{__file__}:build", trials=10, seed=1).leaderboard())
