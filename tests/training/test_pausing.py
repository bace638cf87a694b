"""Four epochs, a pause, four more in another process are eight epochs to the last bit."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from automl.common import bounded
from automl.data import memory
from automl.data.metrics import default_objective
from automl.data.task import TaskKind
from automl.space import Choice, Float, Int, SearchSpace
from automl.space.keras_tuner import hyper_space
from automl.training import pausing
from automl.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from automl.training.device_data import DeviceData
from automl.training.history import read_history
from automl.training.train_trial import train_trial
from automl.trial import (
    CHECKPOINT_FILE,
    Answer,
    EpochReport,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from tests.training.conftest import make_arrays

EPOCHS = 8
SCHEDULED = {
    "optimizer": "adam",
    "learning_rate": 0.02,
    "schedule": "performance",
    "schedule_patience": 1,
}
CYCLE = {"optimizer": "momentum", "momentum": 0.9, "learning_rate": 0.05, "schedule": "one_cycle"}
AVERAGED = {"weight_averaging": "moving_average", "average_decay": 0.9}
PIECES = {"numeric_embedding": "piecewise_linear", "numeric_bins": 8}
LATE = {"weight_averaging": "checkpoint_average", "averaged_epochs": 3}


def dense(config: Any, inputs: Any, task: Any) -> Any:
    """A net for the kernel, with all that has a state: moving averages and random numbers."""
    x = keras.layers.Dense(12, use_bias=False)(inputs)
    x = keras.layers.Activation("relu")(keras.layers.BatchNormalization()(x))
    return keras.layers.Dropout(0.3)(x)


class Unseeded(keras.layers.Layer):
    """Draws random numbers without a seed of its own."""

    def call(self, x: Any, training: bool = False) -> Any:
        return x + keras.random.normal(keras.ops.shape(x)) if training else x


def graph(config: Any, inputs: Any, task: Any) -> Any:
    """A net that the kernel does not know."""
    return Unseeded()(keras.layers.GaussianNoise(0.1)(dense(config, inputs, task)))


class Fitting(keras.Model):
    """Has a fit of its own."""

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        return super().fit(*args, **kwargs)


def own(kind: type[keras.Model], optimizer: Any = "nadam", **options: Any) -> Any:
    def build(config: Any, inputs: Any, task: Any) -> Any:
        outputs = keras.layers.Dense(3, "softmax")(graph(config, inputs, task))
        model = kind(inputs, outputs)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
        return model

    return build


HYPERPARAMETERS = [
    Choice("optimizer", ["adam", "momentum", "ftrl", "nadam", "rmsprop"]),
    Float("learning_rate", 1e-4, 1.0, log=True, default=1e-2),
    Float("momentum", 0.0, 1.0, default=0.9),
    Choice("schedule", ["constant", "performance", "one_cycle"]),
    Int("schedule_patience", 1, 9, default=5),
    Choice("weight_averaging", ["none", "moving_average", "checkpoint_average"]),
    Choice("average_decay", [0.9, 0.99]),
    Choice("averaged_epochs", [3, 5]),
    Choice("numeric_embedding", ["none", "piecewise_linear"]),
    Choice("numeric_bins", [8]),
]
CASES = {
    "kernel": (dense, SCHEDULED, "kernel"),
    "kernel, momentum": (dense, CYCLE, "kernel"),
    "kernel, late": (dense, {**SCHEDULED, **LATE}, "kernel"),
    "kernel, ftrl": (dense, {"optimizer": "ftrl", "learning_rate": 0.05}, "kernel"),
    "kernel, pieces": (dense, {**SCHEDULED, **PIECES}, "kernel"),
    "compiled": (graph, SCHEDULED, "compiled"),
    "compiled, pieces": (graph, {**SCHEDULED, **PIECES}, "compiled"),
    "compiled, one update": (graph, {"optimizer": "nadam"}, "compiled"),
    "compiled, momentum": (graph, CYCLE, "compiled"),
    "compiled, averages": (dense, {**SCHEDULED, **AVERAGED}, "compiled"),
    "compiled, late": (graph, {**SCHEDULED, **LATE}, "compiled"),
    "compiled, rmsprop": (graph, {"optimizer": "rmsprop"}, "compiled"),
    "fit": (own(Fitting), {}, "fit"),
    "eager": (own(keras.Model, run_eagerly=True), {}, "eager"),
}


def train(
    case: str,
    folder: Path,
    epochs: int = EPOCHS,
    start: str = "",
    pause: int = 0,
    seconds: float | None = None,
    heard: list[EpochReport] | None = None,
) -> TrialResult:
    build, config, _ = CASES[case]
    space = SearchSpace("own", HYPERPARAMETERS, build, inputs="vector")

    def report(report: EpochReport) -> Answer:
        if heard is not None:
            heard.append(report)
        return Answer.PAUSE if report.epoch == pause else Answer.GO_ON

    folder.mkdir(exist_ok=True)
    data = DeviceData.from_arrays(make_arrays(TaskKind.MULTICLASS, rows=90, validation=30))
    spec = TrialSpec(0, config, 5, TrialBudget(epochs, epochs, seconds=seconds), start=start)
    return train_trial(
        spec,
        space,
        data,
        default_objective(data.task),
        folder / "trials" / "0",
        report,
        lambda: None,
    )


def pause_all(folder: Path) -> None:
    """Trains each case up to a pause; called in a process of its own."""
    for number, case in enumerate(CASES):
        result = train(case, folder / str(number), pause=4)
        assert result.state is TrialState.PAUSED, result.reason
        assert result.checkpoint == f"trials/0/{CHECKPOINT_FILE}"


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The folder in which each case was paused, in another process."""
    folder = tmp_path_factory.mktemp("paused")
    code = "import sys, pathlib; from tests.training import test_pausing as test; "
    code += "test.pause_all(pathlib.Path(sys.argv[1]))"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=root, check=True)
    return {case: folder / str(number) for number, case in enumerate(CASES)}


def told(result: TrialResult) -> TrialResult:
    """A result without what differs from run to run: seconds."""
    return replace(result, seconds=0.0, timings={}, test_seconds=0.0, export_seconds=0.0)


def curve(folder: Path) -> list[dict[str, float]]:
    rows = read_history(folder / "trials" / "0")
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.mark.parametrize("case", CASES)
def test_a_pause_changes_nothing(case: str, paused: Mapping[str, Path], tmp_path: Path) -> None:
    folder = paused[case]
    later: list[EpochReport] = []
    all_of_them: list[EpochReport] = []
    rest = train(case, folder, start=f"trials/0/{CHECKPOINT_FILE}", heard=later)
    whole = train(case, tmp_path, heard=all_of_them)
    assert later[0].before == tuple(report.score for report in all_of_them[: EPOCHS - len(later)])
    assert not any(report.before for report in (*later[1:], *all_of_them))
    assert whole.state is TrialState.COMPLETED, whole.reason
    assert whole.trainer == CASES[case][2]
    assert told(rest) == told(whole)  # the hash of its weights among it
    assert curve(folder) == curve(tmp_path)
    assert len(curve(folder)) == EPOCHS
    assert not (folder / "trials" / "0" / CHECKPOINT_FILE).exists()


def test_a_checkpoint_of_an_older_version_is_gone_on_from(tmp_path: Path) -> None:
    """It does not say how many epochs there were to be, and has all that the budget has."""
    paused = train("compiled", tmp_path / "run", pause=4)
    path = tmp_path / "run" / paused.checkpoint
    known = read_checkpoint(path)
    older = {name: value for name, value in known.control.items() if name != "epochs"}
    write_checkpoint(replace(known, control=older), path.parent)
    gone_on = train("compiled", tmp_path / "run", start=paused.checkpoint)
    whole = train("compiled", tmp_path / "whole")
    assert (gone_on.epochs, gone_on.model_hash) == (EPOCHS, whole.model_hash)


def test_a_damaged_checkpoint_is_said_and_the_trial_begins_anew(tmp_path: Path) -> None:
    start = train("kernel", tmp_path, pause=2).checkpoint
    content = (tmp_path / start).read_bytes()
    whole = train("kernel", tmp_path / "whole")
    half = len(content) // 2
    changed = content[:half] + b"xx" + content[half + 2 :]
    array, nested = io.BytesIO(), io.BytesIO()
    np.save(array, np.zeros(3))
    np.savez(nested, control=np.frombuffer(b"[" * 100_000, np.uint8))
    others = array.getvalue(), nested.getvalue()
    for damaged in (b"", content[:half], changed, b"\x80pickle", *others):
        (tmp_path / start).parent.mkdir(exist_ok=True)
        (tmp_path / start).write_bytes(damaged)
        result = train("kernel", tmp_path, start=start)
        (note,) = result.notes
        assert note.startswith("a trial could not go on from its checkpoint and began anew: ")
        assert told(replace(result, notes=())) == told(whole)


@pytest.mark.parametrize(
    "change",
    [
        lambda control: control.pop("scores"),
        lambda control: control.pop("stages"),
        lambda control: control.update(stopping={}),
        lambda control: control.update(history="all of it"),
        lambda control: control.update(more=1),
    ],
)
def test_a_checkpoint_in_another_form_is_said_too(change: Any, tmp_path: Path) -> None:
    path = tmp_path / train("kernel", tmp_path, pause=2).checkpoint
    checkpoint = read_checkpoint(path)
    control = dict(checkpoint.control)
    change(control)
    write_checkpoint(replace(checkpoint, control=control), path.parent)
    result = train("kernel", tmp_path, start=f"trials/0/{CHECKPOINT_FILE}")
    assert result.state is TrialState.COMPLETED
    assert "began anew" in result.notes[0]


@pytest.mark.parametrize("size", [20 << 30, 40 << 30])
def test_a_checkpoint_of_gigabytes_is_not_read(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "total_memory", lambda: 16 << 30)
    path = tmp_path / "trials" / "0" / CHECKPOINT_FILE
    path.parent.mkdir(parents=True)
    path.touch()
    os.truncate(path, size)
    result = train("kernel", tmp_path, start=f"trials/0/{CHECKPOINT_FILE}")
    assert result.state is TrialState.COMPLETED
    (note,) = result.notes
    assert "began anew" in note and f"{size:,} bytes, more than the 8,589,934,592" in note


def test_a_checkpoint_that_unpacks_to_gigabytes_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / train("kernel", tmp_path, pause=2).checkpoint
    monkeypatch.setattr(memory, "total_memory", lambda: 16 << 20)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("state.zeros.npy", bytes(9 << 20))
    result = train("kernel", tmp_path, start=f"trials/0/{CHECKPOINT_FILE}")
    assert "more than a half of the" in result.notes[0]


def test_a_checkpoint_of_another_model_or_trainer_is_refused_whole(tmp_path: Path) -> None:
    start = train("compiled, rmsprop", tmp_path, pause=2).checkpoint
    content = (tmp_path / start).read_bytes()
    for case, why in (("kernel", "of the trainer 'compiled'"), ("compiled", "of another model")):
        (tmp_path / start).write_bytes(content)
        result = train(case, tmp_path, start=start)
        assert why in result.notes[0]
        assert told(replace(result, notes=())) == told(train(case, tmp_path / case))


def test_one_is_written_from_time_to_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def write(checkpoint: Checkpoint, directory: Path) -> Path:
        written.append(checkpoint.epoch)
        return write_checkpoint(checkpoint, directory)

    monkeypatch.setattr(pausing, "write_checkpoint", write)
    whole = train("kernel", tmp_path / "none")
    assert written == []
    monkeypatch.setattr(pausing, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(pausing, "CHECKPOINT_SHARE", 1e9)
    assert told(train("kernel", tmp_path)) == told(whole)
    assert written == list(range(1, EPOCHS))  # none after the last, when the trial is over
    monkeypatch.setattr(pausing, "CHECKPOINT_SHARE", 1e-9)
    train("kernel", tmp_path)
    assert written[EPOCHS - 1 :] == [1]  # the next one would take too large a share


def test_seconds_and_the_curve_count_on(tmp_path: Path) -> None:
    first = train("kernel", tmp_path, pause=4)
    before = read_checkpoint(tmp_path / first.checkpoint).seconds
    rest = train("kernel", tmp_path, start=first.checkpoint)
    assert rest.seconds > before > 0.0
    seconds = [row["seconds"] for row in read_history(tmp_path / "trials" / "0")]
    assert seconds == sorted(seconds)
    assert seconds[4] > before


def test_a_time_limit_counts_both_sessions(tmp_path: Path) -> None:
    first = train("kernel", tmp_path, pause=4)
    path = tmp_path / first.checkpoint
    write_checkpoint(replace(read_checkpoint(path), seconds=9.9), path.parent)
    rest = train("kernel", tmp_path, start=first.checkpoint, seconds=10.0, epochs=100_000)
    assert rest.reason.startswith("it reached its time limit of 10 s")


def test_what_has_a_loop_of_its_own_pauses_without_a_checkpoint(toy: Any, tmp_path: Path) -> None:
    class Own(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            model = keras.Sequential([keras.layers.Dense(3, "softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            return model

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            return model.fit(*args, **kwargs)

    data = toy()
    result = train_trial(
        TrialSpec(0, {}, 3, TrialBudget(5, 9)),
        hyper_space(Own()),
        data,
        default_objective(data.task),
        tmp_path / "trials" / "0",
        lambda report: Answer.PAUSE if report.epoch == 2 else Answer.GO_ON,
        lambda: None,
    )
    assert (result.state, result.epochs, result.checkpoint) == (TrialState.PAUSED, 2, "")
