"""Tasks for a process that is fresh, as exports are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from automl.export.new_process import Forked, new_process


def predict(model: str, rows: list[list[float]]) -> dict[str, Any]:
    """What a saved model answers, twice over, and whether a fork gave it."""
    with new_process() as apart:
        forked = isinstance(apart, Forked)
        given = apart.predict(Path(model), {"": np.array(rows, np.float32)})
    return {"forked": forked, "given": given.tolist()}


def predict_with_registered_layer(folder: str) -> None:
    """Has a model checked that leans on a class which only this process has registered."""
    import keras

    @keras.saving.register_keras_serializable("tests")
    class Own(keras.layers.Dense):
        pass

    with new_process() as apart:
        model = keras.Sequential([keras.Input((3,)), Own(2)])
        file = Path(folder) / "own.keras"
        model.save(file)
        keras.saving.load_model(file)  # here it can be loaded
        apart.predict(file, {"": np.zeros((1, 3), np.float32)})


def leave_unasked() -> bool:
    """Whether the fork is over when it is left without being asked."""
    with new_process() as apart:
        assert isinstance(apart, Forked)
        pid = apart._pid
        assert pid is not None
        os.kill(pid, 0)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
