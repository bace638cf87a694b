"""A `train_step` of one's own: a regression that also has to tell its inputs from its features.

The loss of the reconstruction is added to that of the target, as in Géron, Hands-On Machine
Learning, 2nd ed., chapter 12.
"""

from __future__ import annotations

from typing import Any

import keras
import sklearn.datasets
import tensorflow as tf


class ReconstructingRegressor(keras.Model):
    """Tells a number, and its inputs again.

    Args:
        width: Units of the layer that both are told from.
        share: What the error of the reconstruction counts beside that of the number.
    """

    def __init__(self, width: int, share: float, **options: Any) -> None:
        super().__init__(**options)
        self.width, self.share = width, share
        self.features = keras.layers.Dense(width, activation="relu")
        self.number = keras.layers.Dense(1)
        self.inputs_again: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the weights; Keras calls it with the shape of the inputs."""
        self.inputs_again = keras.layers.Dense(input_shape[-1])
        self.features.build(input_shape)
        for layer in (self.number, self.inputs_again):
            layer.build((input_shape[0], self.width))
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        """The number alone: the rest is for training."""
        return self.number(self.features(x))

    def train_step(self, data: Any) -> Any:
        """A step of gradient descent on the sum of both losses."""
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            features = self.features(x)
            told = self.number(features)
            again = tf.reduce_mean(tf.square(self.inputs_again(features) - x))
            loss = self.compute_loss(x, y, told, weight) + self.share * again
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        for metric in self.metrics:
            metric.update_state(loss) if metric.name == "loss" else metric.update_state(y, told)
        return {metric.name: metric.result() for metric in self.metrics}

    def get_config(self) -> dict[str, Any]:
        """What `__init__` was given, so that the model can be saved."""
        return {**super().get_config(), "width": self.width, "share": self.share}


def rows() -> tuple[Any, Any]:
    """Ten measures of diabetics, and how far the disease has come a year later."""
    return sklearn.datasets.load_diabetes(return_X_y=True)


def build(hp: Any) -> Any:
    """The model, compiled."""
    model = ReconstructingRegressor(
        hp.Int("width", 8, 64, step=8, default=32), hp.Float("share", 0.0, 1.0, default=0.1)
    )
    model.compile(keras.optimizers.Adam(hp.Float("rate", 1e-4, 1e-1, sampling="log")), "mse")
    return model


if __name__ == "__main__":
    import automl

    print(automl.search(rows(), space=f"{__file__}:build", trials=10, seed=1).leaderboard())
