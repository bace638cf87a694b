"""A search space whose builder does whatever a configuration says, however bad."""

from __future__ import annotations

from typing import Any

from automl.space import Choice, Int, SearchSpace

FAULTS = [
    "none",
    "raise",
    "kill",
    "exit",
    "segfault",
    "hang",
    "memory",
    "sys.exit",
    "wrong",
    "slow",
]


def build(config: Any, inputs: Any, task: Any) -> Any:
    """Builds one hidden layer, or fails in the way asked."""
    import ctypes
    import os
    import signal
    import sys
    import time

    import keras

    match config.fault:
        case "raise":
            raise ValueError("this builder does not like you")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
        case "segfault":
            ctypes.string_at(0)
        case "hang":
            time.sleep(3600)
        case "memory":
            raise MemoryError
        case "sys.exit":
            sys.exit(3)
        case "wrong":
            return "a string"
        case "slow":
            return _slow(config, inputs, task)
    return keras.layers.Dense(config.width, activation="relu")(inputs)


def _slow(config: Any, inputs: Any, task: Any) -> Any:
    """A model that takes a second and a quarter for each step."""
    import time

    import keras

    class Slow(keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            time.sleep(1.25)
            return super().train_step(data)

    outputs = keras.layers.Dense(task.outputs, activation="softmax")(inputs)
    model = Slow(inputs, outputs)
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


space = SearchSpace("faulty", [Choice("fault", FAULTS), Int("width", 1, 64, default=8)], build)
