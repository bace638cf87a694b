"""What a trial is not to blame for, by made-up clocks and by processes that are really stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automl.engines.absence import Absence
from automl.engines.child import Child
from automl.engines.limits import LIMIT_GRACE, STOPPED_SECONDS, USUAL_IMPORT, limit_grace
from automl.engines.local_worker import LocalWorker
from automl.engines.process_table import ProcessState, began, process_state
from automl.engines.suspended_time import SuspendedTime
from automl.trial import FailureCause, TrialBudget, TrialSpec

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_seconds_between_two_looks_are_absence() -> None:
    clock = Clock()
    absence = Absence(clock)
    clock.now += 50.0  # before the first look there was nothing to look after
    absence.look()
    clock.now += 60.0
    assert absence.look() == clock.now
    assert absence.seconds == 60.0


def test_a_wait_that_takes_longer_than_it_should_is_absence() -> None:
    clock = Clock()
    absence = Absence(clock)
    absence.look()
    with absence.waiting(1.0):
        clock.now += 0.4
    with absence.waiting(1.0):
        clock.now += 31.0  # stopped while it waited
    absence.look()
    assert absence.seconds == 30.0
    assert absence.waited == pytest.approx(1.4)


class StoppedOnce:
    """A clock whose process is stopped for an hour just before one of the times that it is read."""

    def __init__(self, stopped_at: int) -> None:
        self.now, self.reads, self._stopped_at = 100.0, 0, stopped_at

    def __call__(self) -> float:
        self.reads += 1
        self.now += 3600.0 if self.reads == self._stopped_at else 0.0
        return self.now


def test_wherever_a_driver_is_stopped_no_trial_pays_for_it(tmp_path: Path) -> None:
    spec = TrialSpec(0, {}, 0, TrialBudget(1, 1, seconds=3.0))
    for stopped_at in range(1, 40):
        clock = StoppedOnce(stopped_at)
        absence = Absence(clock)
        worker = LocalWorker(Child(), tmp_path / "log", absence)
        worker.give(spec, clock.now)
        verdicts = []
        for _ in range(4):
            absence.look()
            verdicts.append(worker.overdue(600.0))
            with absence.waiting(1.0):
                clock.now += 0.5
            worker.hear()
            verdicts.append(worker.overdue(600.0))
        assert verdicts == [None] * 8, stopped_at
        with absence.waiting(10.0):
            clock.now += 10.0
        verdict = worker.overdue(600.0)
        assert verdict is not None and verdict.cause is FailureCause.TIME_LIMIT
    assert clock.reads < 39  # each reading was the one


@LINUX
def test_a_worker_that_is_held_up_is_not_overdue_and_one_that_sleeps_is(tmp_path: Path) -> None:
    spec = TrialSpec(0, {}, 0, TrialBudget(1, 1, seconds=0.3))
    core = min(os.sched_getaffinity(0))
    # Three processes on one core: each has a third of its time.
    alone = f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    crowd = [subprocess.Popen([sys.executable, "-c", alone]) for _ in range(3)]
    idle = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        wait_for(lambda: all((one := process_state(p.pid)) and one.computed > 0 for p in crowd))
        absence = Absence()
        workers = []
        for process in (crowd[0], idle):
            child = Child()
            child.pid = process.pid
            workers.append(LocalWorker(child, tmp_path / "log", absence))
            workers[-1].give(spec, time.monotonic())
        busy, asleep = workers
        before, verdict = process_state(crowd[0].pid), None
        while verdict is None:
            assert busy.overdue(600.0) is None
            verdict = asleep.overdue(600.0)
            with absence.waiting(0.05):
                time.sleep(0.05)
        assert verdict.cause is FailureCause.TIME_LIMIT
        while busy.overdue(600.0) is None:
            with absence.waiting(0.05):
                time.sleep(0.05)
        after = process_state(crowd[0].pid)
        assert before is not None and after is not None
        assert after.computed - before.computed > 0.6  # of its own, however long they took
    finally:
        for process in (*crowd, idle):
            process.kill()
            process.wait()


def held_up(*looks: tuple[float, float, bool, bool]) -> float:
    """Seconds in which a process is found held up: time, seconds computed, core, disk."""
    hold = SuspendedTime(Absence(Clock()), 0.0)
    return sum(
        hold.look(now, ProcessState(False, wants_core, computed, 1, waits_for_disk=waits))
        for now, computed, wants_core, waits in looks
    )


def test_a_wait_for_a_disk_is_excused_but_not_for_ever() -> None:
    assert held_up((1.0, 1.0, True, False), (4.0, 1.5, False, True)) == 2.5
    assert held_up((1.0, 0.0, False, False), (4.0, 0.0, False, False)) == 0.0
    for_ever = [(float(now), 0.0, False, True) for now in range(1, 100)]
    assert held_up(*for_ever) <= STOPPED_SECONDS + 1.0


def test_a_slow_machine_gets_more_time_beyond_a_limit() -> None:
    assert limit_grace(0.0) == limit_grace(USUAL_IMPORT / 2) == LIMIT_GRACE
    assert limit_grace(4 * USUAL_IMPORT) == pytest.approx(4 * LIMIT_GRACE)


@LINUX
def test_the_system_tells_who_is_stopped_and_who_wants_a_core() -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    idle = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        wait_for(lambda: (one := process_state(busy.pid)) and one.wants_core and one.computed > 0)
        wait_for(lambda: (one := process_state(idle.pid)) and not one.wants_core)
        os.kill(busy.pid, signal.SIGSTOP)
        wait_for(lambda: (one := process_state(busy.pid)) and one.is_stopped)
        first = began(busy.pid)
        assert first is not None
        assert first == began(busy.pid) != began(os.getpid())
    finally:
        for process in (busy, idle):
            process.kill()
            process.wait()
    assert process_state(busy.pid) is None


def wait_for(condition, seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
