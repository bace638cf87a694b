"""The local engine: warm one-thread worker processes on this machine."""

from __future__ import annotations

import signal
import time
from collections import deque
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from typing_extensions import override

from automl.engines.contract import Engine, EpochFinished, Event, Job, TrialEnded
from automl.engines.limits import MEMORY_GROWTH, STALL_SECONDS, START_ATTEMPTS, overdue
from automl.engines.processes import Child, Processes, warm_processes
from automl.errors import RunError
from automl.trial import EpochReport, FailureCause, TrialResult, TrialSpec, TrialState


class _Worker:
    """One worker process and the trial that it runs."""

    def __init__(self, child: Child, log: Path) -> None:
        self.child = child
        self.log = log
        self.ready = False
        self.greeted = False
        self.spec: TrialSpec | None = None
        self.started = 0.0
        self.heard = time.monotonic()
        self.first_memory: int | None = None

    def give(self, spec: TrialSpec) -> None:
        self.spec = spec
        self.started = self.heard = time.monotonic()
        self.child.send({"trial": spec.to_json()})

    def never_came_up(self) -> bool:
        """Whether a process hangs that has not even come to its first trial."""
        return not self.ready and time.monotonic() - self.heard > STALL_SECONDS

    def overdue(self, stall_seconds: float) -> TrialResult | None:
        """The result of a trial that has hung or overstayed its limit, or None."""
        if self.spec is None:
            return None
        now = time.monotonic()
        return overdue(self.spec, now - self.started, now - self.heard, stall_seconds)


class LocalEngine(Engine):
    """Trials in worker processes forked from one warm process.

    Args:
        workers: How many trials run at once.
        processes: Where the workers come from, or None for the kind this platform allows; handed
            in where they were started early, so that TensorFlow imports while the data is read.
        stall_seconds: Seconds without a sign of life after which a trial is killed.
        memory_growth: Bytes by which a worker may grow before it is replaced.
    """

    def __init__(
        self,
        workers: int,
        processes: Processes | None = None,
        stall_seconds: float = STALL_SECONDS,
        memory_growth: int = MEMORY_GROWTH,
    ) -> None:
        self._slots = workers
        self._owns_processes = processes is None
        self._processes = processes if processes is not None else warm_processes()
        self._stall_seconds = stall_seconds
        self._memory_growth = memory_growth
        self._job: Job | None = None
        self._workers: list[_Worker] = []
        self._queue: deque[TrialSpec] = deque()
        self._failed_starts = 0

    @property
    @override
    def slots(self) -> int:
        return self._slots

    @override
    def open(self, job: Job) -> None:
        self._job = job
        (job.run / "logs").mkdir(parents=True, exist_ok=True)
        for index in range(self._slots):
            self._workers.append(self._start_worker(index))

    def _start_worker(self, index: int) -> _Worker:
        assert self._job is not None
        log = self._job.run / "logs" / f"worker-{index}.log"
        child = self._processes.start("automl.engines.worker:serve_worker", {}, log)
        return _Worker(child, log)

    @override
    def submit(self, spec: TrialSpec) -> None:
        self._queue.append(spec)
        self._assign()

    def _assign(self) -> None:
        for worker in self._workers:
            if self._queue and worker.ready and worker.spec is None:
                worker.give(self._queue.popleft())

    @override
    def events(self, timeout: float) -> list[Event]:
        deadline = time.monotonic() + timeout
        while True:
            events = self._collect()
            remaining = deadline - time.monotonic()
            if events or remaining <= 0:
                return events
            connections = [w.child.connection for w in self._workers if w.child.connection]
            waiting: list[Any] = [*self._processes.waitables(), *connections]
            # At most a second at a time: limits and hangs show in no message.
            if self._processes.waitables():
                wait(waiting, timeout=min(remaining, 1.0))
            else:
                wait(waiting, timeout=min(remaining, 0.05)) if waiting else time.sleep(0.05)

    def _collect(self) -> list[Event]:
        self._processes.notice()
        events: list[Event] = []
        for index, worker in enumerate(self._workers):
            if worker.child.connection is not None and not worker.greeted:
                assert self._job is not None
                worker.child.send({"job": self._job.to_json()})
                worker.greeted = True
            try:
                while (message := worker.child.receive()) is not None:
                    events += self._take(index, worker, message)
            except EOFError:
                events += self._bury(index, worker)
                continue
            if self._workers[index] is not worker:
                continue  # replaced after its last trial; how it ends is nobody's concern
            if worker.never_came_up():
                worker.child.kill()  # which shows as a death while it started
            result = worker.overdue(self._stall_seconds)
            if result is not None and worker.spec is not None:
                events.append(TrialEnded(worker.spec.trial, result))
                worker.child.kill()
                self._replace(index, worker)
            elif worker.child.exit_code is not None:
                events += self._bury(index, worker)
        self._assign()
        return events

    def _take(self, index: int, worker: _Worker, message: dict[str, Any]) -> list[Event]:
        worker.heard = time.monotonic()
        if "ready" in message:
            worker.ready = True
            self._failed_starts = 0
        if worker.spec is None:
            return []
        trial = worker.spec.trial
        if "epoch" in message:
            return [EpochFinished(trial, EpochReport.from_json(message["epoch"]))]
        if "ended" in message:
            worker.spec = None
            self._recycle(index, worker, message["memory"])
            return [TrialEnded(trial, TrialResult.from_json(message["ended"]))]
        return []

    def _recycle(self, index: int, worker: _Worker, memory: int) -> None:
        if worker.first_memory is None:
            worker.first_memory = memory
        elif memory > worker.first_memory + self._memory_growth:
            self._replace(index, worker)

    def _replace(self, index: int, worker: _Worker) -> None:
        worker.child.close()  # a healthy worker ends by itself when its connection closes
        self._workers[index] = self._start_worker(index)

    def _bury(self, index: int, worker: _Worker) -> list[Event]:
        """Replaces a worker that has died, and fails the trial that it ran."""
        deadline = time.monotonic() + 2.0
        while worker.child.exit_code is None and time.monotonic() < deadline:
            time.sleep(0.005)
            self._processes.notice()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= START_ATTEMPTS:
                raise RunError(
                    f"A worker died {START_ATTEMPTS} times while it started "
                    f"({_last_line(worker.log)}); see {worker.log}, then resume the search."
                )
        spec, started = worker.spec, worker.started
        worker.child.kill()  # it may have closed its connection and live on
        self._replace(index, worker)
        if spec is None:
            return []
        reason = _describe_death(worker.child.exit_code)
        result = TrialResult(
            TrialState.FAILED,
            seconds=time.monotonic() - started,
            reason=reason,
            cause=FailureCause.CRASHED,
        )
        return [TrialEnded(spec.trial, result)]

    @override
    def answer(self, trial: int | str, go_on: bool) -> None:
        self._tell(trial, {"answer": go_on})

    @override
    def interrupt(self, trial: int | str, reason: str) -> None:
        self._tell(trial, {"interrupt": reason})

    def _tell(self, trial: int | str, message: dict[str, Any]) -> None:
        for worker in self._workers:
            if worker.spec is not None and worker.spec.trial == trial:
                worker.child.send(message)

    @override
    def close(self) -> None:
        self._queue.clear()
        for worker in self._workers:
            worker.child.kill()
            worker.child.close()
        self._workers.clear()
        if self._owns_processes:
            self._processes.close()


def _describe_death(exit_code: int | None) -> str:
    if exit_code is None:
        return "its worker process closed its connection without a result"
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = ", which is what the system does when memory runs out" if name == "SIGKILL" else ""
        return f"its worker process was ended by {name}{hint}"
    return f"its worker process ended with exit code {exit_code}"


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
