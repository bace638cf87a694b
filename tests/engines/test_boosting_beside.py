"""Gradient boosting beside an engine: its process, and what ends it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from automl.data.arrays import save_arrays
from automl.data.metrics import default_objective
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.engines.boosting_beside import BoostingBeside
from automl.engines.contract import Job, TrialEnded
from automl.trial import (
    BOOSTING,
    SEARCH_OVER,
    Answer,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from tests.tuning.scripted_engine import ScriptedEngine

SPEC = TrialSpec(BOOSTING, {}, 1, TrialBudget(1, 1), space=BOOSTING)


@pytest.fixture(scope="module")
def data() -> PreparedData:
    a = np.random.default_rng(0).normal(size=300)
    return prepare(DataRequest(pd.DataFrame({"a": a, "y": a**2}), "y"))


@pytest.fixture
def engine(tmp_path: Path, data: PreparedData) -> Iterator[BoostingBeside]:
    save_arrays(data, tmp_path / "arrays")
    with BoostingBeside(ScriptedEngine(slots=2)) as made:
        made.open(Job({}, tmp_path / "arrays", tmp_path, default_objective(data.task)))
        yield made


def end_of(engine: BoostingBeside) -> TrialResult:
    for _ in range(2000):
        for event in engine.events(0.1):
            assert isinstance(event, TrialEnded) and event.trial == BOOSTING
            return event.result
        time.sleep(0.05)  # for the engine beside which it is has nothing to wait for
    raise AssertionError("it has not ended")


def test_it_has_a_place_of_its_own_until_it_is_over(engine: BoostingBeside, tmp_path: Path) -> None:
    assert engine.slots == 3
    engine.submit(SPEC)
    result = end_of(engine)
    assert result.state is TrialState.COMPLETED and result.score is not None
    assert (tmp_path / "trials" / "boosting" / "predictions.npz").is_file()
    assert engine.slots == 2
    assert engine.events(0.0) == []


@pytest.mark.parametrize("paused", [True, False])
def test_the_end_of_the_search_ends_it(engine: BoostingBeside, paused: bool) -> None:
    engine.submit(SPEC)
    if paused:
        engine.answer(BOOSTING, Answer.PAUSE)
    else:
        engine.interrupt(BOOSTING, SEARCH_OVER)
    result = end_of(engine)
    assert result.state is (TrialState.PAUSED if paused else TrialState.FAILED)
    assert result.reason == ("" if paused else SEARCH_OVER)
    assert result.epochs == 0  # so that the driver drops it, and resuming trains it again


def test_its_death_is_its_own_failure(engine: BoostingBeside) -> None:
    engine.submit(SPEC)
    assert engine._watched is not None and engine._watched.child.pid is not None
    os.kill(engine._watched.child.pid, signal.SIGKILL)
    result = end_of(engine)
    assert result.state is TrialState.FAILED and result.cause is FailureCause.CRASHED
    assert "SIGKILL" in result.reason


def test_what_its_process_printed_last_is_the_reason(
    engine: BoostingBeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl.engines.process_output.process_bound", lambda: 40)
    engine.submit(SPEC)
    assert engine._watched is not None and engine._watched.child.pid is not None
    with engine._log.open("a") as log:
        log.write("RuntimeError: can't start new thread\n")
    os.kill(engine._watched.child.pid, signal.SIGTERM)
    reason = end_of(engine).reason
    assert "(RuntimeError: can't start new thread)" in reason and "ulimit -u" in reason


class Refused(threading.Thread):
    """A thread that the system does not give."""

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


@pytest.mark.parametrize(("room", "said"), [("spawned", "be started"), ("guard", "look after")])
def test_one_that_cannot_be_started_is_its_own_failure(
    engine: BoostingBeside, monkeypatch: pytest.MonkeyPatch, room: str, said: str
) -> None:
    threads = SimpleNamespace(Thread=Refused, Event=threading.Event)
    monkeypatch.setattr(f"automl.engines.{room}.threading", threads)
    monkeypatch.setattr("automl.engines.process_output.process_bound", lambda: 40)
    engine.submit(SPEC)
    result = end_of(engine)
    assert result.cause is FailureCause.CRASHED and said in result.reason
    assert result.reason.count("ulimit -u") == 1


def test_one_that_holds_too_much_memory_fails_for_that(tmp_path: Path, data: PreparedData) -> None:
    save_arrays(data, tmp_path / "arrays")
    with BoostingBeside(ScriptedEngine(), memory_limit=1 << 20) as engine:
        engine.open(Job({}, tmp_path / "arrays", tmp_path, default_objective(data.task)))
        engine.submit(SPEC)
        result = end_of(engine)
    assert result.cause is FailureCause.OUT_OF_MEMORY
    assert "--memory-per-worker" in result.reason


def test_one_that_hangs_is_ended(tmp_path: Path, data: PreparedData) -> None:
    save_arrays(data, tmp_path / "arrays")
    with BoostingBeside(ScriptedEngine(), stall_seconds=0.0) as engine:
        engine.open(Job({}, tmp_path / "arrays", tmp_path, default_objective(data.task)))
        engine.submit(SPEC)
        result = end_of(engine)
    assert result.cause is FailureCause.STALLED
