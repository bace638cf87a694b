"""Small dense networks of every kind that the kernel knows, and the rows to train them on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.data.plan import Rows
from automl.training.device_data import DeviceRows

COLUMNS = 9
ROWS = 70


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron with two hidden layers, and how it is compiled."""

    activation: Any = "relu"
    activation_layer: Any = None
    normalization: Any = None
    dropout: Any = None
    residual: bool = False
    wide: bool = False
    regularizer: Any = None
    constraint: Any = None
    optimizer: Any = "adam"
    loss: Any = "sparse_categorical_crossentropy"
    head: tuple[str, int] = ("softmax", 5)
    metrics: tuple[str, ...] = ("accuracy",)

    def make(self) -> Any:
        """The compiled model; with one name the same model each time."""
        import keras

        keras.utils.set_random_seed(3)
        inputs = keras.Input((COLUMNS,), name="numeric")
        x = self._hidden(inputs)
        if self.wide:
            x = keras.layers.Concatenate()([inputs, x])
        outputs = keras.layers.Dense(self.head[1], activation=self.head[0])(x)
        model = keras.Model({"numeric": inputs}, outputs)
        model.compile(
            optimizer=self.optimizer() if callable(self.optimizer) else self.optimizer,
            loss=self.loss,
            metrics=list(self.metrics),
        )
        return model

    def _hidden(self, x: Any) -> Any:
        import keras

        for _ in range(2):
            before = x
            x = keras.layers.Dense(
                12,
                activation=None if self.activation_layer else self.activation,
                kernel_regularizer=self.regularizer,
                kernel_constraint=self.constraint,
            )(x)
            if self.normalization:
                x = self.normalization()(x)
            if self.activation_layer:
                x = self.activation_layer()(x)
            if self.dropout:
                x = self.dropout(0.3)(x)
            if self.residual and before.shape[-1] == 12:
                x = keras.layers.Add()([before, x])
        return x


def make_rows(kind: str = "multiclass", weighted: bool = False, rows: int = ROWS) -> DeviceRows:
    """Random rows with five classes, one class or not, or two numbers to learn."""
    generator = np.random.default_rng(0)
    target: Any = generator.normal(size=(rows, 2)).astype(np.float32)
    if kind == "multiclass":
        target = generator.integers(0, 5, rows).astype(np.int32)
    elif kind == "binary":
        target = generator.integers(0, 2, (rows, 1)).astype(np.float32)
    weight = generator.uniform(0.2, 2.0, rows).astype(np.float32) if weighted else None
    numeric = generator.normal(size=(rows, COLUMNS)).astype(np.float32)
    return DeviceRows.from_rows(Rows({"numeric": numeric}, target, truth=target, weight=weight))
