"""A temperature in Keras equals the one in NumPy, and is saved with nothing but Keras."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.task import Task, TaskKind
from automl.data.temperature import tempered
from automl.models.tempering import tempered_outputs

TASKS = [
    Task(TaskKind.BINARY, 1, ("y",), ("no", "yes")),
    Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c")),
    Task(TaskKind.MULTILABEL, 2, ("a", "b")),
]
PROBABILITIES = st.one_of(
    st.floats(0.0, 1.0, width=32),
    st.sampled_from([0.0, 1.0, 1e-30, 1e-7, float(np.float32(1.0) - np.float32(1e-7))]),
)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
@settings(max_examples=60)
@given(data=st.data(), temperature=st.floats(0.2, 5.0))
def test_both_readings_agree(task: Task, data: st.DataObject, temperature: float) -> None:
    rows = st.lists(PROBABILITIES, min_size=task.outputs, max_size=task.outputs)
    p = np.array(data.draw(st.lists(rows, min_size=1, max_size=4)), np.float32)
    if task.kind is TaskKind.MULTICLASS:
        p = (p + np.float32(1e-12)) / (p + np.float32(1e-12)).sum(axis=1, keepdims=True)
    given_by_keras = np.asarray(tempered_outputs(keras.ops.convert_to_tensor(p), task, temperature))
    assert given_by_keras.dtype == np.float32
    np.testing.assert_allclose(given_by_keras, tempered(task, p, temperature), atol=2e-6)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_it_is_saved_and_loaded_by_keras_alone(task: Task, tmp_path: Path) -> None:
    inputs = keras.Input((task.outputs,))
    model = keras.Model(inputs, tempered_outputs(inputs, task, 2.5))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    p = np.full((4, task.outputs), 1.0 / task.outputs, np.float32)
    p[0] = 0.9
    np.testing.assert_array_equal(loaded.predict(p, verbose=0), model.predict(p, verbose=0))
    classes = {type(layer).__module__.partition(".")[0] for layer in loaded.layers}
    assert classes == {"keras"}


def test_one_is_no_temperature() -> None:
    inputs = keras.Input((1,))
    assert tempered_outputs(inputs, TASKS[0], 1.0) is inputs
