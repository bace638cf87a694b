"""Both engines keep the contract, and give the same results."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import keras
import pytest
from typing_extensions import override

from automl.engines.contract import Engine
from automl.engines.local import LocalEngine
from automl.engines.ray import RayEngine
from automl.space.callbacks import carried_callbacks
from automl.testing import CallbacksConformance, ClosingConformance, EngineConformance
from automl.testing.engine_trials import Seen, make_job, make_spec
from automl.trial import TrialResult


class TestLocalEngine(EngineConformance):
    @classmethod
    @override
    def make_engine(cls, workers: int) -> Engine:
        return LocalEngine(workers)


class TestLocalCallbacks(CallbacksConformance):
    @classmethod
    @override
    def make_engine(cls, workers: int) -> Engine:
        return LocalEngine(workers)


class TestLocalClosing(ClosingConformance):
    @classmethod
    @override
    def make_engine(cls, workers: int) -> Engine:
        return LocalEngine(workers)


@pytest.mark.slow  # a search of `test_ray_search` is in every run
class TestRayEngine(EngineConformance):
    @classmethod
    @override
    def make_engine(cls, workers: int) -> Engine:
        return RayEngine(workers)


@pytest.mark.slow
class TestRayCallbacks(CallbacksConformance):
    @classmethod
    @override
    def make_engine(cls, workers: int) -> Engine:
        return RayEngine(workers)


@pytest.mark.slow
class TestRayClosing(ClosingConformance):
    @classmethod
    @override
    def make_engine(cls, workers: int) -> Engine:
        return RayEngine(workers)


def read_history(run: Path, trial: int) -> list[dict[str, str]]:
    with (run / "trials" / str(trial) / "history.csv").open(newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


@pytest.mark.slow
def test_a_trial_has_one_result_wherever_it_runs(tmp_path: Path) -> None:
    results: list[TrialResult] = []
    histories: list[list[dict[str, str]]] = []
    for engine in (LocalEngine(1), RayEngine(1)):
        folder = tmp_path / type(engine).__name__
        folder.mkdir()
        with engine:
            engine.open(make_job(folder))
            engine.submit(make_spec(3, epochs=10))
            results += Seen(engine).until_ended(3)
        histories.append(read_history(folder / "run", 3))
    local, other = (
        replace(result, seconds=0.0, timings={}, test_seconds=0.0) for result in results
    )
    assert local.model_hash
    assert other == local
    assert histories[1] == histories[0]


@pytest.mark.parametrize("kind", [LocalEngine, pytest.param(RayEngine, marks=pytest.mark.slow)])
def test_callbacks_that_write_elsewhere_have_a_folder_of_each_trial(
    kind: type[LocalEngine | RayEngine], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "all"
    _, callbacks = carried_callbacks(keras.callbacks.CSVLogger(str(elsewhere / "log.csv")))
    with kind(1) as engine:
        engine.open(replace(make_job(tmp_path), callbacks=callbacks))
        for trial in (3, 4):
            engine.submit(make_spec(trial))
        Seen(engine).until_ended(3, 4)
    logs = {path.relative_to(elsewhere).as_posix() for path in elsewhere.rglob("*.csv")}
    assert logs == {"3/log.csv", "4/log.csv"}
