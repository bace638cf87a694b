"""The new process that a saved model is checked in: it has Keras, and nothing of this package."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest

from automl.errors import RunError
from automl.export.keras_only import RefusePackages
from automl.export.new_process import NewProcess

ROWS = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, -0.5]], np.float32)


@keras.saving.register_keras_serializable("tests")
class Own(keras.layers.Dense):
    """A layer that only this process has registered."""


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, keras.Model]:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras", model


def test_it_predicts_with_keras_alone_whatever_the_environment_says(
    saved: tuple[Path, keras.Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the environment's, or the working folder, hides no module."""
    (tmp_path / "keras.py").write_text("raise ImportError('not this one')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    file, model = saved
    with NewProcess() as process:
        assert "-I" in psutil.Process(process._process.pid).cmdline()
        given = process.predict(file, {"": ROWS})
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, model(ROWS), rtol=1e-6)


def test_what_is_registered_here_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "own.keras"
    keras.Sequential([keras.Input((3,)), Own(2)]).save(file)
    keras.saving.load_model(file)  # here it can be loaded
    with (
        NewProcess() as process,
        pytest.raises(RunError, match=r"with Keras alone \(.*Could not locate class"),
    ):
        process.predict(file, {"": ROWS})


@pytest.mark.parametrize(
    "module", ["automl", "automl.models.core", "automl.search_spaces.mlp", "sklearn"]
)
def test_a_model_cannot_lean_on_what_a_bundle_does_not_require(module: str) -> None:
    with pytest.raises(ImportError, match="is refused"):
        RefusePackages.find_spec(module)
    assert RefusePackages.find_spec("keras.layers") is None


def test_a_model_that_does_not_load_says_why(tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    file.write_bytes(b"no model")
    with NewProcess() as process, pytest.raises(RunError, match=r"with Keras alone \(.+\)\.$"):
        process.predict(file, {"": ROWS})


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_one_that_is_killed_says_so(saved: tuple[Path, keras.Model]) -> None:
    with NewProcess() as process:
        os.kill(process._process.pid, signal.SIGKILL)
        with pytest.raises(RunError, match="the process was ended by SIGKILL"):
            process.predict(saved[0], {"": ROWS})


def test_one_that_is_not_asked_is_ended() -> None:
    before = set(psutil.Process().children())
    with NewProcess():
        (started,) = set(psutil.Process().children()) - before
    assert not psutil.pid_exists(started.pid)


def test_texts_cross_as_they_are(tmp_path: Path) -> None:
    words = ["", "Ærø", "b c", "x" * 10_000]
    text = keras.Input((2,), dtype="string", name="texts")
    codes = keras.layers.StringLookup(vocabulary=words, mask_token=None)(text)
    keras.Model({"texts": text}, keras.ops.cast(codes, "float32")).save(tmp_path / "model.keras")
    rows = np.array([["", "Ærø"], ["b c", "x" * 10_000], ["b", "?"]], object)
    with NewProcess() as process:
        given = process.predict(tmp_path / "model.keras", {"texts": rows})
    assert given.tolist() == [[1, 2], [3, 4], [0, 0]]
