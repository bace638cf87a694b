"""Models of a person's own, each with something that Keras does not have, as spaces in files."""

from __future__ import annotations

from pathlib import Path

HEAD = '''
import keras
import tensorflow as tf
from keras import layers, ops


class Scaled(layers.Layer):
    """Has an argument and a weight."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = layers.Dense(units)

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("mine")
class Registered(Scaled):
    pass


class Forgetful(layers.Layer):
    """Its get_config leaves out what its __init__ was given."""

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return super().get_config()


class Silent(keras.regularizers.Regularizer):
    """Has no get_config."""

    def __call__(self, x):
        return 0.01 * ops.sum(x * x)


class Ones(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return ops.ones(shape, dtype)


class Free(keras.constraints.Constraint):
    def __call__(self, w):
        return w


class Rate(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.01


class Whole(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first, self.last = layers.Dense(4), layers.Dense(1, "sigmoid")

    def call(self, x):
        return self.last(tf.nn.relu(self.first(x)))


class Narrow(Whole):
    def __init__(self):
        super().__init__()


class Stepped(keras.Model):
    def train_step(self, data):
        return super().train_step(data)


def leak(x):
    return ops.maximum(x, 0.1 * x)


def own_loss(y, p):
    return ops.mean((y - p) ** 2, -1)


class OwnMetric(keras.metrics.Mean):
    pass


class OwnOptimizer(keras.optimizers.SGD):
    pass


def end(i, x, optimizer="adam", loss="binary_crossentropy", metrics=(), model=keras.Model):
    made = model(i, layers.Dense(1, "sigmoid")(x))
    made.compile(optimizer, loss, metrics=list(metrics))
    return made


def compiled(model):
    model.compile("adam", "binary_crossentropy")
    return model


def build(hp):
    hp.Int("n", 1, 2)
    i = keras.Input((2,))
'''

#: Name to the end of the builder. What loading needs of a person's own, in the order of its name.
BY_KERAS_ALONE = {
    "a Lambda that is a graph": "return end(i, layers.Lambda(lambda t: t * 2)(i))",
    "a loss": "return end(i, layers.Dense(4)(i), loss=own_loss)",
    "a lambda as loss": "return end(i, i, loss=lambda y, p: ops.mean((y - p) ** 2, -1))",
    "a metric": "return end(i, layers.Dense(4)(i), metrics=[OwnMetric()])",
    "an optimizer": "return end(i, layers.Dense(4)(i), OwnOptimizer(0.1))",
    "a schedule": "return end(i, layers.Dense(4)(i), keras.optimizers.SGD(Rate()))",
    "a train_step": "return end(i, layers.Dense(4)(i), model=Stepped)",
}
WITH_CODE = {
    "Scaled": "return end(i, Scaled(2)(i))",
    "Registered": "return end(i, Registered(2)(i))",
    "leak": "return end(i, layers.Dense(4, leak)(i))",
    "Ones": "return end(i, layers.Dense(4, kernel_initializer=Ones())(i))",
    "Free": "return end(i, layers.Dense(4, kernel_constraint=Free())(i))",
    "Whole": "return compiled(Whole())",
}
NOT_AT_ALL = {
    "get_config leaves": "return end(i, Forgetful(3.0)(i))",
    "does not implement get_config": (
        "return end(i, layers.Dense(4, kernel_regularizer=Silent())(i))"
    ),
    "with def": "return end(i, layers.Dense(4, activation=lambda t: t * 0.5)(i))",
    "layer with a call": "return end(i, layers.Lambda(lambda t: tf.nn.relu(t))(i))",
    "hand them on": "return compiled(Narrow())",
    "top level": (
        "class In(layers.Layer):\n        def call(self, x):\n            return x * 2\n"
        "    return end(i, In()(i))"
    ),
}


def written(folder: Path, body: str, name: str = "own") -> Path:
    """Writes a space whose builder ends in a body."""
    path = folder / f"{name}.py"
    path.write_text(f"{HEAD}    {body}\n", encoding="utf-8")
    return path
