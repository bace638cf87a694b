"""The local engine with real worker processes: trials, faults, interruption, replacement."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from automl.data.arrays import save_arrays
from automl.data.metrics import Objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.engines.contract import EpochFinished, Event, Job, SpaceHandle, TrialEnded
from automl.engines.local import LocalEngine
from automl.engines.processes import Processes
from automl.engines.spawned import SpawnedProcesses
from automl.engines.warm_processes import warm_processes
from automl.space.registry import find_space
from automl.testing.engine_trials import SPACE
from automl.trial import Answer, FailureCause, TrialBudget, TrialResult, TrialSpec, TrialState


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_arrays(prepare(DataRequest("iris")), tmp_path_factory.mktemp("iris"))


def make_job(arrays: Path, run: Path) -> Job:
    handle = SpaceHandle.of(find_space(str(SPACE)))
    run.mkdir(exist_ok=True)
    return Job({"search": handle}, arrays, run, Objective("log_loss", "minimize"))


def spec(
    trial: int,
    fault: str = "none",
    epochs: int = 3,
    seconds: float | None = None,
    wait: bool = False,
) -> TrialSpec:
    budget = TrialBudget(epochs, epochs, seconds=seconds)
    config = {"fault": fault, "width": 8}
    return TrialSpec(trial, config, seed=trial, budget=budget, wait_for_answer=wait)


def until_ended(
    engine: LocalEngine, trials: set[int], seconds: float = 300.0
) -> tuple[dict[int | str, TrialResult], list[Event]]:
    ended: dict[int | str, TrialResult] = {}
    seen: list[Event] = []
    deadline = time.monotonic() + seconds
    while set(ended) < trials:
        assert time.monotonic() < deadline, f"only {ended} ended"
        for event in engine.events(0.5):
            seen.append(event)
            if isinstance(event, TrialEnded):
                ended[event.trial] = event.result
    return ended, seen


def test_trials_run_and_report_in_order(processes: Processes, arrays: Path, tmp_path: Path) -> None:
    with LocalEngine(2, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        for number in range(4):
            engine.submit(spec(number))
        ended, seen = until_ended(engine, {0, 1, 2, 3})
    assert {result.state for result in ended.values()} == {TrialState.COMPLETED}
    for number in range(4):
        epochs = [
            e.report.epoch for e in seen if isinstance(e, EpochFinished) and e.trial == number
        ]
        assert epochs == [1, 2, 3]
        assert (tmp_path / "trials" / str(number) / "model.keras").exists()


@pytest.mark.parametrize(
    ("fault", "cause", "said"),
    [
        ("raise", FailureCause.BUILDER, "does not like you"),
        ("kill", FailureCause.CRASHED, "SIGKILL"),
        ("exit", FailureCause.CRASHED, "exit code 7"),
        ("segfault", FailureCause.CRASHED, "SIGSEGV"),
        ("memory", FailureCause.OUT_OF_MEMORY, ""),
        ("sys.exit", FailureCause.BUILDER, "SystemExit"),
        ("wrong", FailureCause.BUILDER, "str"),
    ],
)
def test_a_fault_costs_its_trial_only(
    processes: Processes, arrays: Path, tmp_path: Path, fault: str, cause: FailureCause, said: str
) -> None:
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        for number, kind in enumerate(["none", fault, "none"]):
            engine.submit(spec(number, kind))
        ended, _ = until_ended(engine, {0, 1, 2})
    assert ended[1].state is TrialState.FAILED
    assert ended[1].cause is cause
    assert said in ended[1].reason
    assert ended[0].state is ended[2].state is TrialState.COMPLETED


def test_a_hanging_worker_is_killed_and_replaced(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes, stall_seconds=2.0) as engine:
        engine.open(make_job(arrays, tmp_path))
        engine.submit(spec(0, "hang"))
        engine.submit(spec(1))
        ended, _ = until_ended(engine, {0, 1})
    assert ended[0].cause is FailureCause.STALLED
    assert ended[1].state is TrialState.COMPLETED


def test_a_worker_killed_from_outside_is_replaced(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        engine.submit(spec(0, epochs=100_000))
        engine.submit(spec(1))
        while not engine.events(0.5):
            pass
        pid = engine._workers[0].child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        ended, _ = until_ended(engine, {0, 1})
    assert ended[0].cause is FailureCause.CRASHED
    assert ended[1].state is TrialState.COMPLETED


def test_the_driver_may_stop_or_interrupt_a_trial(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(2, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        engine.submit(spec(0, epochs=100_000, wait=True))
        engine.submit(spec(1, epochs=100_000))
        ended: dict[int | str, TrialResult] = {}
        while len(ended) < 2:
            for event in engine.events(1.0):
                if isinstance(event, TrialEnded):
                    ended[event.trial] = event.result
                elif event.trial == 0:
                    engine.answer(0, Answer.GO_ON if event.report.epoch < 4 else Answer.STOP)
                elif event.report.epoch == 5:
                    engine.interrupt(1, "enough")
    assert (ended[0].state, ended[0].epochs) == (TrialState.PRUNED, 4)
    assert ended[1].state is TrialState.COMPLETED
    assert ended[1].reason == "enough"


def test_a_time_limit_holds(processes: Processes, arrays: Path, tmp_path: Path) -> None:
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        engine.submit(spec(0))  # what a process does for the first time takes longer
        engine.submit(spec(1, epochs=1_000_000, seconds=2.0))
        ended, _ = until_ended(engine, {0, 1})
    assert ended[1].state is TrialState.COMPLETED
    assert "time limit" in ended[1].reason
    assert 0 < ended[1].epochs < 1_000_000


def test_closing_leaves_no_process_behind(arrays: Path, tmp_path: Path) -> None:
    processes = warm_processes()
    engine = LocalEngine(2, processes)
    engine.open(make_job(arrays, tmp_path))
    for number in range(2):
        engine.submit(spec(number, epochs=100_000))
    while not engine.events(1.0):
        pass
    pids = [worker.child.pid for worker in engine._workers]
    engine.close()
    processes.close()
    deadline = time.monotonic() + 300
    for pid in pids:
        assert pid is not None
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not Path(f"/proc/{pid}").exists()


def test_where_there_is_no_fork_workers_are_spawned(arrays: Path, tmp_path: Path) -> None:
    spawned = SpawnedProcesses()
    try:
        with LocalEngine(1, spawned) as engine:
            engine.open(make_job(arrays, tmp_path))
            for number, fault in enumerate(["exit", "none"]):
                engine.submit(spec(number, fault))
            ended, _ = until_ended(engine, {0, 1})
    finally:
        spawned.close()
    assert ended[0].cause is FailureCause.CRASHED
    assert ended[1].state is TrialState.COMPLETED
