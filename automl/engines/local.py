"""The local engine: warm one-thread worker processes on this machine."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any

from typing_extensions import override

from automl.common.forms import from_form, to_form
from automl.common.machine import address_space
from automl.common.root import Root
from automl.common.sizes import shown_size
from automl.engines.absence import Absence
from automl.engines.contract import (
    Engine,
    EpochFinished,
    EpochRunning,
    Event,
    ExecutionFinished,
    Job,
    TrialEnded,
)
from automl.engines.devices import Devices
from automl.engines.guard import Guard
from automl.engines.limits import (
    LEAST_ADDRESSES,
    MEMORY_GROWTH,
    STALL_SECONDS,
    START_ATTEMPTS,
    limit_grace,
    too_large,
)
from automl.engines.local_worker import LocalWorker
from automl.engines.process_memory import held_memory, mapped_memory
from automl.engines.processes import Processes
from automl.engines.warm_processes import warm_processes
from automl.errors import RequestError, RunError
from automl.trial import (
    Answer,
    EpochReport,
    ExecutionReport,
    FailureCause,
    TrialResult,
    TrialSpec,
)


class LocalEngine(Engine):
    """Trials in worker processes forked from one warm process.

    Args:
        workers: How many trials run at once.
        processes: Where the workers come from, or None for the kind this platform allows; handed
            in where they were started early, so that TensorFlow imports while the data is read.
        stall_seconds: Seconds without a sign of life after which a trial is killed.
        memory_growth: Bytes by which a worker may grow before it is replaced.
        memory_limit: Bytes that a worker may hold; a trial that takes more fails. None for no
            limit.
        gpus: How many GPUs the workers share out among themselves, one each; 0 for the cores.

    Raises:
        RequestError: There is a limit, but the system does not tell what a process holds.
    """

    def __init__(
        self,
        workers: int,
        processes: Processes | None = None,
        stall_seconds: float = STALL_SECONDS,
        memory_growth: int = MEMORY_GROWTH,
        memory_limit: int | None = None,
        gpus: int = 0,
    ) -> None:
        if memory_limit is not None and held_memory() is None:
            raise RequestError(
                "--memory-per-worker needs a system that tells what a process holds (/proc, as on "
                "Linux); leave it out on this one."
            )
        self._slots = workers
        self._devices = Devices(workers, gpus)
        self._owns_processes = processes is None
        self._processes = processes if processes is not None else warm_processes()
        self._stall_seconds = stall_seconds
        self._memory_growth = memory_growth
        self._memory_limit = memory_limit
        self._job: Job | None = None
        self._workers: list[LocalWorker] = []
        self._successors: dict[int, LocalWorker] = {}
        self._queue: deque[tuple[TrialSpec, float]] = deque()
        self._failed_starts = 0
        self._guard: Guard | None = None
        self._absence = Absence()

    @property
    @override
    def slots(self) -> int:
        return self._slots

    @override
    def open(self, job: Job) -> None:
        self._job = job
        Root(job.run).make_folder("logs")
        for index in range(self._slots):
            Root(job.run).checked(f"logs/worker-{index}.log")  # said here, not by a dead worker
            self._workers.append(self._start_worker(index))
        self._guard = Guard(lambda: list(self._all_workers()), self._memory_limit)

    def _all_workers(self) -> Iterator[LocalWorker]:
        yield from list(self._workers)
        yield from list(self._successors.values())

    def _start_worker(self, index: int) -> LocalWorker:
        assert self._job is not None
        log = self._job.run / "logs" / f"worker-{index}.log"
        argument = {"gpu": self._devices.of_worker(index)}
        child = self._processes.start("automl.engines.worker:serve_worker", argument, log)
        return LocalWorker(child, log, self._absence)

    @override
    def submit(self, spec: TrialSpec) -> None:
        self._queue.append((spec, time.monotonic()))
        self._assign()

    def _assign(self) -> None:
        for worker in self._workers:
            if self._queue and worker.ready and worker.spec is None:
                worker.give(*self._queue.popleft())

    @override
    def events(self, timeout: float) -> list[Event]:
        self._absence.look()
        deadline = time.monotonic() + timeout
        while True:
            events = self._collect()
            remaining = deadline - time.monotonic()
            if events or remaining <= 0:
                return events
            connections = [w.child.connection for w in self._all_workers() if w.child.connection]
            waiting: list[Any] = [*self._processes.waitables(), *connections]
            # At most a second at a time: limits and hangs show in no message.
            seconds = min(remaining, 1.0 if self._processes.waitables() else 0.05)
            with self._absence.waiting(seconds):
                wait(waiting, timeout=seconds) if waiting else time.sleep(seconds)

    def _collect(self) -> list[Event]:
        self._processes.notice()
        events: list[Event] = []
        for index, worker in enumerate(self._workers):
            self._send_job(worker)
            try:
                while (message := worker.child.receive()) is not None:
                    events += self._take(index, worker, message)
            except EOFError:
                events += self._replace_dead(index, worker)
                continue
            if self._workers[index] is not worker:
                continue  # replaced after its last trial; how it ends is nobody's concern
            if worker.never_came_up():
                worker.child.kill()  # which shows as a death while it started
            result = worker.overdue(
                self._stall_seconds, limit_grace(self._processes.import_seconds)
            )
            if result is not None and worker.spec is not None:
                events.append(TrialEnded(worker.spec.trial, result))
                worker.child.kill()
                self._replace(index, worker)
            elif worker.child.exit_code is not None:
                events += self._replace_dead(index, worker)
        for index, successor in list(self._successors.items()):
            self._await_successor(index, successor)
        self._assign()
        return events

    def _send_job(self, worker: LocalWorker) -> None:
        if worker.child.connection is not None and not worker.has_job:
            assert self._job is not None
            worker.child.send({"job": to_form(self._job)})
            worker.has_job = True

    def _take(self, index: int, worker: LocalWorker, message: dict[str, Any]) -> list[Event]:
        worker.hear()
        if "ready" in message:
            self._note_ready(worker)
        if worker.spec is None:
            return []
        trial = worker.spec.trial
        if "epochs" in message:
            *before, last = (from_form(EpochReport, form) for form in message["epochs"])
            return [
                *(EpochFinished(trial, report, waits=False) for report in before),
                EpochFinished(trial, last, message["waits"]),
            ]
        if "execution" in message:
            return [ExecutionFinished(trial, from_form(ExecutionReport, message["execution"]))]
        if "running" in message:
            return [EpochRunning(trial, **message["running"])]
        if "ended" in message:
            worker.spec = None
            if index in self._successors and self._successors[index].ready:
                self._install_successor(index)
            elif index not in self._successors and self._has_grown(worker, message["memory"]):
                # It goes on until the other one is up, so that no trial waits.
                self._successors[index] = self._start_worker(index)
            return [TrialEnded(trial, from_form(TrialResult, message["ended"]))]
        return []

    def _has_grown(self, worker: LocalWorker, memory: int) -> bool:
        if worker.usual_memory is None:  # the rows in the form that models take them came with it
            worker.usual_memory = memory
        return too_large(memory, worker.usual_memory, self._memory_growth, self._memory_limit)

    def _note_ready(self, worker: LocalWorker) -> None:
        worker.ready = True
        self._failed_starts = 0
        worker.first_memory = held_memory(worker.child.pid) if worker.child.pid else None
        self._check_addresses(worker)
        limit, first = self._memory_limit, worker.first_memory or 0
        if limit is not None and first > limit:
            raise RequestError(
                f"--memory-per-worker is {shown_size(limit)}, less than the {shown_size(first)} "
                "that a worker holds before its first trial; give more."
            )

    def _check_addresses(self, worker: LocalWorker) -> None:
        bound = address_space()
        mapped = mapped_memory(worker.child.pid) if worker.child.pid else None
        if bound is not None and mapped is not None and mapped + LEAST_ADDRESSES > bound:
            raise RequestError(
                f"`ulimit -v` lets a process map {shown_size(bound)} of addresses, of which a "
                f"worker takes {shown_size(mapped)} before its first trial; raise it by "
                f"{shown_size(mapped + LEAST_ADDRESSES - bound)} at least (or set it to unlimited, "
                "and bound the memory with --memory-per-worker), then go on with `automl resume`."
            )

    def _await_successor(self, index: int, successor: LocalWorker) -> None:
        """Takes a successor into its place as soon as it is up and no trial runs there."""
        self._send_job(successor)
        if successor.never_came_up():
            successor.child.kill()
        try:
            while (message := successor.child.receive()) is not None:
                if "ready" in message:
                    self._note_ready(successor)
        except EOFError:
            successor.child.kill()
            successor.child.close()
            del self._successors[index]  # the next trial's end starts another one
            return
        if successor.ready and self._workers[index].spec is None:
            self._install_successor(index)

    def _install_successor(self, index: int) -> None:
        self._workers[index].child.close()  # a healthy worker ends by itself when it is let go
        self._workers[index] = self._successors.pop(index)

    def _replace(self, index: int, worker: LocalWorker) -> None:
        worker.child.close()
        if index in self._successors:
            self._workers[index] = self._successors.pop(index)
        else:
            self._workers[index] = self._start_worker(index)

    def _replace_dead(self, index: int, worker: LocalWorker) -> list[Event]:
        """Replaces a worker that has died, and fails the trial that it ran."""
        self._processes.await_end(worker.child)
        if not worker.ready and not worker.child.is_lost:
            self._failed_starts += 1
            if self._failed_starts >= START_ATTEMPTS:
                raise RunError(
                    f"A worker died {START_ATTEMPTS} times while it started: it "
                    f"{worker.end_description()}. See {worker.log}, then resume the search."
                )
        spec, started = worker.spec, worker.started
        worker.child.kill()  # it may have closed its connection and live on
        self._replace(index, worker)
        if spec is None:
            return []
        seconds, overgrown = time.monotonic() - started, worker.overgrown()
        if overgrown == "" or worker.child.is_lost:
            # It had hardly begun when its worker ended, or the server has taken it along.
            self._queue.appendleft((spec, worker.submitted))
            return []
        cause = FailureCause.OUT_OF_MEMORY if overgrown else FailureCause.CRASHED
        reason = overgrown or f"its worker process {worker.end_description()}"
        return [TrialEnded(spec.trial, TrialResult.failed(cause, reason, seconds))]

    @override
    def answer(self, trial: int | str, answer: Answer, thresholds: Sequence[float] = ()) -> None:
        self._tell(trial, {"answer": answer, "thresholds": list(thresholds)})

    @override
    def interrupt(self, trial: int | str, reason: str) -> None:
        self._tell(trial, {"interrupt": reason})

    def _tell(self, trial: int | str, message: dict[str, Any]) -> None:
        for worker in self._workers:
            if worker.spec is not None and worker.spec.trial == trial:
                worker.child.send(message)

    @override
    def close(self) -> None:
        if self._guard is not None:
            self._guard.close()
            self._guard = None
        self._queue.clear()
        for worker in self._all_workers():
            worker.child.kill()
            worker.child.close()
        self._workers.clear()
        self._successors.clear()
        if self._owns_processes:
            self._processes.close()
