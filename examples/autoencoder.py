"""An autoencoder of handwritten digits, and a classifier that re-uses its encoder.

The layer named `encoder` is the narrow one; `--from` takes over the layers up to it:

    automl search rows.npz --task reconstruction --space examples/autoencoder.py --directory coded
    automl search labelled.npz --from coded/best
"""

from __future__ import annotations

from typing import Any

import sklearn.datasets

from automl.space import Choice, Int, SearchSpace, training_hyperparameters

depth = Int("depth", 0, 2, default=1, help="layers before the code, and as many behind it")
width = Int("width", 16, 128, step=16, default=64, when=depth > 0)
code = Int("code", 4, 16, default=8, help="units of the narrow layer")
activation = Choice("activation", ["relu", "elu", "gelu"])


def rows() -> tuple[Any, Any]:
    """64 pixels of each digit, and which one it is."""
    return sklearn.datasets.load_digits(return_X_y=True)


def build(config: Any, inputs: Any, task: Any) -> Any:
    """Layers down to the code and up again; the outputs, one a number, come from the task."""
    import keras

    def layers(x: Any) -> Any:
        for _ in range(config.depth):
            x = keras.layers.Dense(config.width, activation=config.activation)(x)
        return x

    return layers(keras.layers.Dense(config.code, name="encoder")(layers(inputs)))


space = SearchSpace(
    "autoencoder", [depth, width, code, activation, *training_hyperparameters()], build
)


if __name__ == "__main__":
    import automl

    x, y = rows()
    run = automl.search(x, task="reconstruction", space=f"{__file__}:space", trials=10, seed=1)
    print(run.leaderboard())
    few = automl.search((x[:300], y[:300]), from_model=run.path / "best", trials=5, seed=1)
    print(few.leaderboard())
