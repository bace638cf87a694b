"""Several outputs: how far diabetes has come and a blood sugar, from the other measures.

Outputs that are named as the targets get these; their losses are added by the `loss_weights`.
"""

from __future__ import annotations

from typing import Any

import sklearn.datasets


def rows() -> tuple[Any, Any]:
    """Nine measures, and a frame of two targets."""
    frame = sklearn.datasets.load_diabetes(as_frame=True, scaled=False).frame
    targets = frame[["target", "s6"]].set_axis(["progress", "sugar"], axis=1)
    return frame.drop(columns=["target", "s6"]), targets


def build(hp: Any) -> Any:
    """A layer in common, and another for each output."""
    import keras

    inputs = keras.Input((9,))
    x = keras.layers.Dense(hp.Int("width", 8, 64, step=8, default=32), activation="relu")(inputs)
    outputs = {}
    for name in ("progress", "sugar"):
        own = keras.layers.Dense(hp.Int(f"{name}_width", 4, 32, step=4), activation="relu")(x)
        outputs[name] = keras.layers.Dense(1, name=name)(own)
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.Adam(hp.Float("rate", 1e-4, 1e-1, sampling="log", default=1e-2)),
        loss={"progress": "mse", "sugar": "mae"},
        loss_weights={"progress": 1e-3, "sugar": hp.Float("sugar_weight", 0.1, 10, sampling="log")},
    )
    return model


if __name__ == "__main__":
    import automl

    print(automl.search(rows(), space=f"{__file__}:build", trials=10, seed=1).leaderboard())
