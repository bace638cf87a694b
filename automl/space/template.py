"""The file that `automl spaces new NAME` writes: a small, commented search space to start from."""

from __future__ import annotations

import json

from automl.errors import SpaceError

_TEXT = '''\
"""A multilayer perceptron to start from (this line describes the space in `automl spaces`)."""

from automl.space import Choice, Float, Int, SearchSpace, training_hyperparameters

# Name, range or options, default; `when` says under which condition one is searched at all, and
# `otherwise` what the builder reads where it is not.
depth = Int("depth", 1, 4, default=2)
width = Int("width", 16, 256, step=16, log=True, default=64)
activation = Choice("activation", ["relu", "gelu", "tanh"], when=depth > 1, otherwise="relu")
dropout = Float("dropout", 0.0, 0.5, default=0.2)


def build(config, inputs, task):
    import keras  # only in here, so that listing spaces stays instant

    x = inputs  # every column as numbers: a tensor of shape (rows, features)
    for _ in range(config.depth):
        x = keras.layers.Dense(config.width, activation=config.activation)(x)
        x = keras.layers.Dropout(config.dropout)(x)
    return x  # the output layer that suits the task is added


# training_hyperparameters(): optimizer, learning rate, schedule, batch size, clipping.
space = SearchSpace(%s, [depth, width, activation, dropout, training_hyperparameters()], build)
'''


def template_text(name: str) -> str:
    """The text of a search space file to start from.

    Args:
        name: The space's name.

    Raises:
        SpaceError: The name is empty or has characters that cannot be printed.
    """
    if not name.strip() or not name.isprintable():
        raise SpaceError(f"{name!r} cannot name a search space; expected printable text.")
    return _TEXT % json.dumps(name, ensure_ascii=False)
