"""A search space whose builder takes what it can get: memory, time, disk."""

from __future__ import annotations

from typing import Any

from automl.space import Choice, Int, SearchSpace

APPETITES = ["none", "memory", "time", "disk"]


def build(config: Any, inputs: Any, task: Any) -> Any:
    """Builds one hidden layer, after taking what it is told to take."""
    import time

    import keras
    import numpy as np

    match config.appetite:
        case "memory":
            held = []
            while True:
                held.append(np.ones(4 << 20))  # 32 MB
                time.sleep(0.01)
        case "time":
            time.sleep(600)
        case "disk":
            for _ in range(30_000):
                print("what a builder without end says " * 32)
    return keras.layers.Dense(config.width, activation="relu")(inputs)


space = SearchSpace(
    "greedy", [Choice("appetite", APPETITES), Int("width", 1, 64, default=8)], build
)
