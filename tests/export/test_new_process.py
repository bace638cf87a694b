"""The new process that a saved model is checked in: it has Keras, and nothing of this package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil
import pytest

from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.engines.warm_processes import warm_processes
from automl.errors import RunError
from automl.export.keras_only import RefusePackages
from automl.export.new_process import Started, new_process
from tests.export import apart

forks = pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
ROWS = [[0.5, -1.0, 2.0], [0.0, 0.25, -0.5]]


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    started = warm_processes()
    yield started
    started.close()


def task(processes: Processes, function: str, **arguments: Any) -> Any:
    return run_in_child(processes, f"{apart.__name__}:{function}", arguments)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keras.Model]:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    file = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(file)
    return file, model


@pytest.fixture
def no_model(tmp_path: Path) -> Path:
    file = tmp_path / "model.keras"
    file.write_bytes(b"no model")
    return file


def test_a_started_process_predicts_with_keras_alone(saved: tuple[Path, keras.Model]) -> None:
    file, model = saved
    with new_process() as process:
        assert isinstance(process, Started)  # TensorFlow has run here
        given = process.predict(file, {"": np.array(ROWS, np.float32)})
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, model(np.array(ROWS, np.float32)), rtol=1e-6)


@forks
def test_a_fresh_process_forks(saved: tuple[Path, keras.Model], processes: Processes) -> None:
    file, model = saved
    answer = task(processes, "predict", model=str(file), rows=ROWS)
    assert answer["forked"]
    np.testing.assert_allclose(answer["given"], model(np.array(ROWS, np.float32)), rtol=1e-6)


@forks
def test_what_was_registered_is_gone_from_a_fork(tmp_path: Path, processes: Processes) -> None:
    with pytest.raises(RunError, match=r"with Keras alone \(.*Could not locate class"):
        task(processes, "predict_with_registered_layer", folder=str(tmp_path))


@pytest.mark.parametrize(
    "module", ["automl", "automl.models.core", "automl.search_spaces.mlp", "sklearn"]
)
def test_a_model_cannot_lean_on_what_a_bundle_does_not_require(module: str) -> None:
    with pytest.raises(ImportError, match="is refused"):
        RefusePackages.find_spec(module)
    assert RefusePackages.find_spec("keras.layers") is None


def test_a_model_that_does_not_load_says_why(no_model: Path) -> None:
    with Started() as process, pytest.raises(RunError, match=r"with Keras alone \(.+\)\.$"):
        process.predict(no_model, {"": np.zeros((1, 3), np.float32)})


@forks
def test_a_model_that_does_not_load_in_a_fork_says_why(
    no_model: Path, processes: Processes
) -> None:
    with pytest.raises(RunError, match=r"with Keras alone \(ValueError: .+\)\.$"):
        task(processes, "predict", model=str(no_model), rows=ROWS)


def test_a_started_process_that_is_not_asked_is_ended() -> None:
    before = set(psutil.Process().children())
    with Started():
        (started,) = set(psutil.Process().children()) - before
    assert not psutil.pid_exists(started.pid)


@forks
def test_a_fork_that_is_not_asked_is_ended(processes: Processes) -> None:
    assert task(processes, "leave_unasked")
