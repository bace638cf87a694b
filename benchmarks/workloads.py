"""The models that every tool of the benchmark searches: ordinary KerasTuner `build(hp)` functions.

Each workload has a function of its hyperparameters (`digits_values`), one that turns the values
into hidden layers (`digits_layers`), and the function that the tools get (`digits_mlp`). They are
apart because Ray Tune wants to know the space before any model is built, and AutoKeras wants the
layers without head and optimizer; what is searched is the same in every tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]


def digits_mlp(hp: Any) -> Any:
    """A multilayer perceptron for scikit-learn's digits, compiled."""
    import keras

    values = digits_values(hp)
    inputs = keras.Input((64,))
    x = digits_layers(values, inputs)
    outputs = keras.layers.Dense(10, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    optimizers = {
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
    }
    optimizer = optimizers[values["optimizer"]](values["learning_rate"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def digits_values(hp: Any) -> Values:
    """The hyperparameters of `digits_mlp`."""
    return {
        "depth": hp.Int("depth", 1, 4),
        "width": hp.Int("width", 16, 128, step=16),
        "activation": hp.Choice("activation", ["relu", "elu", "selu", "tanh"]),
        "initializer": hp.Choice("initializer", ["glorot_uniform", "he_normal", "lecun_normal"]),
        "normalization": hp.Choice("normalization", ["none", "before", "after"]),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.125),
        "optimizer": hp.Choice("optimizer", ["sgd", "rmsprop", "adam", "nadam"]),
        "learning_rate": hp.Float("learning_rate", 1e-4, 1e-1, sampling="log"),
    }


def digits_layers(values: Values, x: Any) -> Any:
    """The hidden layers of `digits_mlp`; normalization stands before or after the activation."""
    import keras

    for _ in range(values["depth"]):
        x = keras.layers.Dense(values["width"], kernel_initializer=values["initializer"])(x)
        if values["normalization"] == "before":
            x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation(values["activation"])(x)
        if values["normalization"] == "after":
            x = keras.layers.BatchNormalization()(x)
        if values["dropout"]:
            x = keras.layers.Dropout(values["dropout"])(x)
    return x


def housing_mlp(hp: Any) -> Any:
    """Géron's regression MLP (Hands-On Machine Learning, 2nd ed., chapter 10), compiled."""
    import keras

    values = housing_values(hp)
    inputs = keras.Input((8,))
    outputs = keras.layers.Dense(1)(housing_layers(values, inputs))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(values["learning_rate"]), "mse")
    return model


def housing_values(hp: Any) -> Values:
    """The hyperparameters of `housing_mlp`: those of the book."""
    return {
        "n_hidden": hp.Int("n_hidden", 0, 3),
        "n_neurons": hp.Int("n_neurons", 1, 99),
        "learning_rate": hp.Float("learning_rate", 3e-4, 3e-2, sampling="log"),
    }


def housing_layers(values: Values, x: Any) -> Any:
    """The hidden layers of `housing_mlp`."""
    import keras

    for _ in range(values["n_hidden"]):
        x = keras.layers.Dense(values["n_neurons"], activation="relu")(x)
    return x


def fashion_mlp(hp: Any) -> Any:
    """A perceptron of about 300 and 100 units for flattened Fashion-MNIST images, compiled."""
    import keras

    values = fashion_mlp_values(hp)
    inputs = keras.Input((784,))
    outputs = keras.layers.Dense(10, activation="softmax")(fashion_mlp_layers(values, inputs))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.SGD(values["learning_rate"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fashion_mlp_values(hp: Any) -> Values:
    """The hyperparameters of `fashion_mlp`: few, so that four trials cost about the same."""
    return {
        "width_1": hp.Int("width_1", 250, 350, step=50),
        "width_2": hp.Int("width_2", 50, 150, step=50),
        "activation": hp.Choice("activation", ["relu", "elu"]),
        "learning_rate": hp.Float("learning_rate", 1e-3, 1e-1, sampling="log"),
    }


def fashion_mlp_layers(values: Values, x: Any) -> Any:
    """The hidden layers of `fashion_mlp`."""
    import keras

    for width in (values["width_1"], values["width_2"]):
        x = keras.layers.Dense(width, activation=values["activation"])(x)
    return x


def fashion_cnn(hp: Any) -> Any:
    """A small convolutional network for Fashion-MNIST images, compiled."""
    import keras

    values = fashion_cnn_values(hp)
    inputs = keras.Input((28, 28, 1))
    outputs = keras.layers.Dense(10, activation="softmax")(fashion_cnn_layers(values, inputs))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(values["learning_rate"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fashion_cnn_values(hp: Any) -> Values:
    """The hyperparameters of `fashion_cnn`."""
    return {
        "blocks": hp.Int("blocks", 1, 3),
        "filters": hp.Int("filters", 8, 32, step=8),
        "dense": hp.Int("dense", 32, 128, step=32),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.125),
        "learning_rate": hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
    }


def fashion_cnn_layers(values: Values, x: Any) -> Any:
    """Blocks of convolution, normalization and pooling, and a dense layer."""
    import keras

    for _ in range(values["blocks"]):
        x = keras.layers.Conv2D(values["filters"], 3, padding="same")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(values["dense"], activation="relu")(x)
    if values["dropout"]:
        x = keras.layers.Dropout(values["dropout"])(x)
    return x
