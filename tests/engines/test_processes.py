"""Warm child processes: requests of any length, and a local engine that loses no process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automl.common.forms import to_form
from automl.common.machine import usable_cores
from automl.data.metrics import Objective
from automl.engines.absence import Absence
from automl.engines.child import Child
from automl.engines.contract import Job
from automl.engines.local import LocalEngine
from automl.engines.processes import Processes
from automl.engines.run_in_child import TookTooLong, run_in_child
from automl.engines.spawned import SpawnedProcesses
from automl.engines.warm_processes import warm_processes
from automl.trial import TrialBudget, TrialResult, TrialSpec, TrialState


@pytest.fixture(scope="module", params=[warm_processes, SpawnedProcesses])
def processes(request: pytest.FixtureRequest) -> Iterator[Processes]:
    started = request.param()
    yield started
    started.close()


@pytest.mark.parametrize("length", [10, 40_000, 150_000, 3_000_000])
def test_arguments_of_any_length_arrive(processes: Processes, length: int) -> None:
    text = "x" * length
    assert run_in_child(processes, "json:dumps", {"obj": text}) == json.dumps(text)


def test_a_task_computes_on_all_cores(processes: Processes) -> None:
    threads = run_in_child(processes, "os:getenv", {"key": "TF_NUM_INTRAOP_THREADS"})
    assert threads == str(usable_cores())


def test_a_task_that_takes_too_long_is_stopped(processes: Processes) -> None:
    with pytest.raises(TookTooLong, match="took too long"):
        run_in_child(processes, "json:dumps", {"obj": 1}, timeout=0.0)


@pytest.mark.parametrize("kind", [warm_processes, SpawnedProcesses])
def test_children_run_the_package_of_the_driver_wherever_they_start(
    kind: Callable[[], Processes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "automl").mkdir()
    (tmp_path / "automl" / "__init__.py").write_text("raise ImportError('another package')")
    monkeypatch.chdir(tmp_path)
    processes = kind()
    try:
        assert run_in_child(processes, "json:dumps", {"obj": 1}) == "1"
    finally:
        processes.close()


class HandMade(Processes):
    """Children without processes, whose messages and ends a test makes up."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.theirs: list[Connection] = []

    def start(
        self,
        target: str,
        argument: Mapping[str, Any],
        log: Path | None = None,
        preload: Sequence[str] = (),
    ) -> Child:
        ours, theirs = Pipe()
        self.children.append(Child(ours))
        self.theirs.append(theirs)
        return self.children[-1]

    def say(self, number: int, **message: Any) -> None:
        self.theirs[number].send_bytes(json.dumps(message).encode())

    def notice(self) -> None: ...

    def waitables(self) -> list[Any]:
        return []

    def close(self) -> None: ...


class Late(HandMade):
    """A child's end is noticed long after its connection was closed."""

    looks = 0

    def notice(self) -> None:
        self.looks += 1
        if self.looks == 500:
            self.children[0].exit_code = -9


def test_an_end_that_is_noticed_late_is_told_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Late()
    child = made.start("json:dumps", {})
    clock = itertools.count(0.0, 3600.0)  # and an hour passes between any two looks at it
    asleep = SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda seconds: None)
    monkeypatch.setattr("automl.engines.processes.time", asleep)
    made.await_end(child)
    assert child.exit_code == -9


class Answering(HandMade):
    """A child whose answer is there after some looks; the driver is stopped before one of them."""

    def __init__(self, clock: list[float], stopped_at: int) -> None:
        super().__init__()
        self._clock, self._left = clock, stopped_at

    def notice(self) -> None:
        self._left -= 1
        self._clock[0] += 3600.0 if not self._left else 0.1
        if self._left == -2:
            self.say(0, value="1")


@pytest.mark.parametrize("stopped_at", [1, 2, 3])
def test_a_driver_that_was_stopped_still_takes_an_answer(
    stopped_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("automl.engines.run_in_child.Absence", lambda: Absence(lambda: now[0]))
    made = Answering(now, stopped_at)
    assert run_in_child(made, "json:dumps", {"obj": 1}, timeout=60.0) == "1"


def test_a_worker_that_dies_after_it_has_outgrown_itself_is_replaced_once(tmp_path: Path) -> None:
    made = HandMade()
    result = to_form(TrialResult(TrialState.COMPLETED, score=1.0))
    with LocalEngine(1, made, memory_growth=10) as engine:
        engine.open(Job({}, tmp_path, tmp_path, Objective("mse", "minimize")))
        made.say(0, ready=True)
        assert engine.events(0) == []
        for trial in range(2):
            engine.submit(TrialSpec(trial, {}, 0, TrialBudget(1, 1)))
            made.say(0, ended=result, memory=1 + 100 * trial)
            if trial == 1:
                made.children[0].exit_code = -9  # its end is noticed together with its result
            assert [event.trial for event in engine.events(0)] == [trial]
        assert len(made.children) == 2
        assert [child.connection is None for child in made.children] == [True, False]
