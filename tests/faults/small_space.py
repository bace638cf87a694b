"""A search space of 24 small networks, each built in no time."""

from __future__ import annotations

from typing import Any

from automl.space import Choice, Int, SearchSpace


def build(config: Any, inputs: Any, task: Any) -> Any:
    """Builds one hidden layer."""
    import keras

    return keras.layers.Dense(config.width, activation=config.activation)(inputs)


space = SearchSpace(
    "small",
    [Int("width", 4, 15, default=8), Choice("activation", ["relu", "tanh"])],
    build,
)
