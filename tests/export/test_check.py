"""The new process that a saved model is checked in: it has Keras, and nothing of this package."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import psutil
import pytest

from automl.errors import RunError
from automl.export.check import NewProcess
from automl.export.keras_only import RefusePackages


def saved(folder: Path, *layers: keras.layers.Layer) -> tuple[Path, keras.Model]:
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.save(folder / "model.keras")
    return folder / "model.keras", model


def test_it_predicts_with_keras_alone(tmp_path: Path) -> None:
    file, model = saved(tmp_path, keras.layers.Dense(2))
    rows = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(4, 3)
    with NewProcess() as process:
        given = process.predict(file, {"": rows})
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, model(rows), rtol=1e-6)


@pytest.mark.parametrize("module", ["automl", "automl.models.core", "search_spaces.mlp", "sklearn"])
def test_a_model_cannot_lean_on_what_a_bundle_does_not_require(module: str) -> None:
    with pytest.raises(ImportError, match="is refused"):
        RefusePackages.find_spec(module)
    assert RefusePackages.find_spec("keras.layers") is None


def test_a_model_that_does_not_load_says_why_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    file.write_bytes(b"no model")
    with NewProcess() as process, pytest.raises(RunError, match=r"with Keras alone \(.+\)\.$"):
        process.predict(file, {"": np.zeros((1, 3), np.float32)})


def test_a_process_that_is_not_asked_is_ended() -> None:
    before = set(psutil.Process().children())
    with NewProcess():
        (started,) = set(psutil.Process().children()) - before
    assert not psutil.pid_exists(started.pid)
