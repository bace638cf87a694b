"""Several inputs: measures of tumours as their means and their worst values, apart and together.

An input gets the columns whose names begin with its own: `mean_0` to `mean_9` go to `mean`.
"""

from __future__ import annotations

from typing import Any

import sklearn.datasets


def rows() -> tuple[Any, Any]:
    """Arrays by the names of the inputs, and the classes."""
    bunch = sklearn.datasets.load_breast_cancer()
    return {"mean": bunch.data[:, :10], "worst": bunch.data[:, 20:]}, bunch.target


def build(hp: Any) -> Any:
    """Two inputs, each with a layer of its own, that meet in one."""
    import keras

    mean, worst = keras.Input((10,), name="mean"), keras.Input((10,), name="worst")
    width = hp.Int("width", 8, 64, step=8, default=16)
    parts = [keras.layers.Dense(width, activation="relu")(one) for one in (mean, worst)]
    x = keras.layers.Dropout(hp.Float("dropout", 0.0, 0.5))(keras.layers.Concatenate()(parts))
    model = keras.Model([mean, worst], keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(hp.Float("rate", 1e-4, 1e-1, sampling="log")), "bce")
    return model


if __name__ == "__main__":
    import automl

    print(automl.search(rows(), space=f"{__file__}:build", trials=10, seed=1).leaderboard())
