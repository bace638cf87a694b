"""Limits of a trial and of a worker, with real worker processes that overstep them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from automl.data.arrays import save_arrays
from automl.data.metrics import Objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.engines.contract import EpochFinished, Event, Job, SpaceHandle, TrialEnded
from automl.engines.limits import LOG_BYTES
from automl.engines.local import LocalEngine
from automl.engines.processes import Processes
from automl.errors import RequestError
from automl.space.registry import find_space
from automl.trial import (
    SEARCH_OVER,
    Answer,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.trial_time import TrialTime

SPACE = Path(__file__).parent / "greedy_space.py"
MB = 1 << 20


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_arrays(prepare(DataRequest("iris")), tmp_path_factory.mktemp("iris"))


def make_job(arrays: Path, run: Path) -> Job:
    handle = SpaceHandle.of(find_space(str(SPACE)))
    run.mkdir(exist_ok=True)
    return Job({"search": handle}, arrays, run, Objective("log_loss", "minimize"))


def spec(
    trial: int,
    appetite: str = "none",
    epochs: int = 3,
    seconds: float | None = None,
    seconds_left: float | None = None,
) -> TrialSpec:
    budget = TrialBudget(epochs, epochs, seconds=seconds)
    config = {"appetite": appetite, "width": 8}
    return TrialSpec(trial, config, seed=trial, budget=budget, time=TrialTime(left=seconds_left))


def run(engine: LocalEngine, *specs: TrialSpec, seconds: float = 300.0) -> list[TrialResult]:
    """Submits the trials one after another and gives their results."""
    results = []
    deadline = time.monotonic() + seconds
    for one in specs:
        engine.submit(one)
        ended: list[TrialResult] = []
        while not ended:
            assert time.monotonic() < deadline, f"trial {one.trial} did not end: {results}"
            ended = [e.result for e in engine.events(0.25) if isinstance(e, TrialEnded)]
        results += ended
    return results


def test_a_trial_that_takes_too_much_memory_fails_and_no_other(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes, memory_limit=600 * MB) as engine:
        engine.open(make_job(arrays, tmp_path))
        before, greedy, after = run(engine, spec(0), spec(1, "memory"), spec(2))
    assert (greedy.state, greedy.cause) == (TrialState.FAILED, FailureCause.OUT_OF_MEMORY)
    assert "more than the 600 MB of --memory-per-worker" in greedy.reason
    assert before.state is after.state is TrialState.COMPLETED


def test_a_limit_below_what_a_worker_needs_at_all_is_refused(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes, memory_limit=50 * MB) as engine:
        engine.open(make_job(arrays, tmp_path))
        with pytest.raises(RequestError, match=r"50 MB, less than the .* before its first trial"):
            run(engine, spec(0))


def test_a_time_limit_holds_where_nothing_can_be_broken_off(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        _, stuck, after = run(engine, spec(0), spec(1, "time", seconds=1.0), spec(2))
    assert (stuck.state, stuck.cause) == (TrialState.FAILED, FailureCause.TIME_LIMIT)
    assert "time limit of 1 s" in stuck.reason
    assert 1.0 < stuck.seconds < 300.0  # it would sleep for 600
    assert after.state is TrialState.COMPLETED


def test_a_trial_that_waited_for_its_driver_has_not_spent_its_time(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    waits = replace(spec(1, epochs=3, seconds=4.0), wait_for_answer=True)
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        run(engine, spec(0))
        engine.submit(waits)
        (first,) = until_event(engine)
        assert isinstance(first, EpochFinished)
        time.sleep(6.0)  # as a driver does that was stopped: longer than the trial may take
        assert engine.events(0.0) == []
        engine.answer(1, Answer.GO_ON)
        while not isinstance(event := until_event(engine)[-1], TrialEnded):
            if isinstance(event, EpochFinished):
                engine.answer(1, Answer.GO_ON)
    assert isinstance(event, TrialEnded)
    assert event.result.state is TrialState.COMPLETED, event.result.reason
    assert event.result.epochs == 3


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_that_was_stopped_has_not_spent_its_time(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        run(engine, spec(0))
        engine.submit(replace(spec(1, epochs=1_000_000, seconds=4.0), wait_for_answer=False))
        until_event(engine)
        pid = engine._workers[0].child.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        until, events = time.monotonic() + 6.0, []
        while time.monotonic() < until:
            events += engine.events(0.25)
        os.kill(pid, signal.SIGCONT)
        assert not [event for event in events if isinstance(event, TrialEnded)]
        while not isinstance(event := until_event(engine)[-1], TrialEnded):
            pass
    assert event.result.state is TrialState.COMPLETED, event.result.reason
    assert event.result.reason.startswith("it reached its time limit of 4 s")
    assert event.result.seconds > 7.0  # it went on after the six


@pytest.mark.skipif(sys.platform != "linux", reason="binds processes to a core")
def test_a_trial_that_ends_by_itself_is_not_killed_on_a_loaded_core(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    core = min(os.sched_getaffinity(0))
    alone = f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    with LocalEngine(1, processes) as engine, ExitStack() as crowd:
        engine.open(make_job(arrays, tmp_path))
        run(engine, spec(0))
        pid = engine._workers[0].child.pid
        assert pid is not None
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})
        for _ in range(6):
            other = crowd.enter_context(subprocess.Popen([sys.executable, "-c", alone]))
            crowd.callback(other.kill)
        results = run(engine, *(spec(n, epochs=1_000_000, seconds=2.0) for n in (1, 2)))
    for result in results:
        assert result.state is TrialState.COMPLETED, result.reason


def until_event(engine: LocalEngine, seconds: float = 300.0) -> list[Event]:
    """The next events, when there are some."""
    deadline = time.monotonic() + seconds
    while not (events := engine.events(0.25)):
        assert time.monotonic() < deadline
    return events


def test_the_end_of_the_search_ends_a_trial_with_what_it_has(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        _, result = run(engine, spec(0), spec(1, epochs=1_000_000, seconds_left=8.0))
    assert result.state is TrialState.COMPLETED
    assert result.reason == SEARCH_OVER
    assert 0 < result.epochs < 1_000_000


def test_a_builder_that_prints_without_end_does_not_fill_the_disk(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes) as engine:
        engine.open(make_job(arrays, tmp_path))
        (result,) = run(engine, spec(0, "disk"))
        log = tmp_path / "logs" / "worker-0.log"
        deadline = time.monotonic() + 300
        while log.stat().st_size > LOG_BYTES and time.monotonic() < deadline:
            time.sleep(0.05)
    assert result.state is TrialState.COMPLETED
    assert 0 < log.stat().st_size <= LOG_BYTES
    assert "the beginning of this log was left out" in log.read_text()[:100]


def test_a_worker_that_grew_goes_on_until_its_successor_is_up(
    processes: Processes, arrays: Path, tmp_path: Path
) -> None:
    with LocalEngine(1, processes, memory_growth=1) as engine:
        engine.open(make_job(arrays, tmp_path))
        run(engine, spec(0))
        first = engine._workers[0].child.pid
        results: list[TrialResult] = []
        while engine._workers[0].child.pid == first:
            assert len(results) < 200
            results += run(engine, spec(len(results) + 1))
        assert engine._workers[0].ready
    assert {result.state for result in results} <= {TrialState.COMPLETED}
