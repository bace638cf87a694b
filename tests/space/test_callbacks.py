"""Keras's callbacks: recorded by name, new for each training, each with files of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from automl.errors import RequestError
from automl.space.callbacks import callbacks_of, carried_callbacks, check_callbacks


def test_callbacks_are_as_new_in_every_trial(tmp_path: Path) -> None:
    names, carried = carried_callbacks([keras.callbacks.EarlyStopping(patience=3)])
    assert names == ("EarlyStopping",)
    (one,), (other,) = callbacks_of(carried, tmp_path), callbacks_of(carried, tmp_path)
    assert one is not other
    assert (one.patience, other.patience) == (3, 3)
    assert callbacks_of("", tmp_path) == []
    assert carried_callbacks(None) == ((), "")


@pytest.mark.parametrize(
    ("callback", "attribute", "path"),
    [
        (keras.callbacks.TensorBoard("logs"), "log_dir", "trials/7/logs/fold-2"),
        (keras.callbacks.CSVLogger("curve.csv"), "filename", "trials/7/fold-2/curve.csv"),
        (
            keras.callbacks.ModelCheckpoint("kept/best.keras"),
            "filepath",
            "trials/7/kept/fold-2/best.keras",
        ),
    ],
)
def test_what_writes_files_writes_into_a_folder_of_the_trial(
    callback: Any, attribute: str, path: str, tmp_path: Path
) -> None:
    _, carried = carried_callbacks(callback)
    (made,) = callbacks_of(carried, tmp_path / "trials" / "7", "fold-2")
    assert Path(getattr(made, attribute)) == tmp_path / path
    assert (tmp_path / path).parent.is_dir()


def test_a_place_elsewhere_has_a_folder_of_each_trial(tmp_path: Path) -> None:
    given = [
        keras.callbacks.TensorBoard(str(tmp_path / "all")),
        keras.callbacks.CSVLogger(str(tmp_path / "curve.csv")),
    ]
    _, carried = carried_callbacks(given)
    board, curve = callbacks_of(carried, tmp_path / "run" / "trials" / "7")
    assert Path(board.log_dir) == tmp_path / "all" / "7"
    assert Path(curve.filename) == tmp_path / "7" / "curve.csv"


@pytest.mark.parametrize("given", [keras.callbacks.EarlyStopping, [3], "early"])
def test_what_is_no_callback_is_refused(given: Any) -> None:
    with pytest.raises(RequestError, match=r"give keras\.callbacks\.Callback objects"):
        carried_callbacks(given)


def test_a_callback_that_cannot_be_sent_is_refused() -> None:
    import threading

    callback = keras.callbacks.LambdaCallback()
    callback.lock = threading.Lock()
    with pytest.raises(RequestError, match="cannot be sent to a worker process"):
        carried_callbacks([callback])


@pytest.mark.parametrize("is_own", [True, False])
def test_they_mean_that_fit_trains_and_are_given_again_to_resume(is_own: bool) -> None:
    (note,) = check_callbacks(("TensorBoard",), True, "net", is_own)
    assert "Model.fit trains every trial" in note
    with pytest.raises(RequestError, match=r"not recorded; go on from Python"):
        check_callbacks(("TensorBoard",), False, "net", is_own)
    assert check_callbacks((), False, "net", is_own) == []


@pytest.mark.parametrize("name", ["ReduceLROnPlateau", "LearningRateScheduler"])
def test_a_schedule_beside_that_of_a_space_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match=f"{name} sets the learning rate, which the schedules"):
        check_callbacks((name,), True, "mlp", False)
    assert check_callbacks((name,), True, "net", True)
