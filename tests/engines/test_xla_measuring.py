"""A child process measures what XLA gains."""

from __future__ import annotations

import keras
import pytest

from automl.data.kinds.signature import InputSignature
from automl.data.task import Task, TaskKind
from automl.engines.devices import Devices
from automl.engines.warm_processes import warm_processes
from automl.engines.xla_measuring import measured_xla
from automl.errors import RunError
from automl.space import SearchSpace
from automl.space.registry import find_space

IMAGES = InputSignature(0, mean=(127.5,), std=(74.0,), shape=(28, 28, 1), pixel="uint8")
TASK = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
TRAINING = {"rows": 60_000, "epochs": 50, "seconds": None}


def failing(config: object, inputs: object, task: object) -> object:
    raise KeyError("no such layer")


def flat(config: object, inputs: object, task: object) -> object:
    return keras.layers.Flatten()(inputs)


@pytest.mark.parametrize("name", ["lenet5", "own"])
def test_a_space_is_measured_wherever_it_comes_from(name: str) -> None:
    space = find_space(name) if name != "own" else SearchSpace("own", [], flat, inputs="image")
    processes = warm_processes()
    try:
        found = measured_xla(space, TASK, IMAGES, TRAINING, Devices(2), processes, 120.0)
        assert found["gain"] >= 0.0 and found["problem"] == ""
        assert isinstance(found["pays"], bool)
        wrong = SearchSpace("own", [], failing, inputs="image")
        with pytest.raises(RunError, match="no such layer"):
            measured_xla(wrong, TASK, IMAGES, TRAINING, Devices(2), processes, 120.0)
    finally:
        processes.close()
