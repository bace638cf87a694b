"""Where the driver's thread and Ray Tune's thread meet: trials go in, events come out."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import ray

from automl.common.forms import from_form
from automl.engines.contract import (
    EpochFinished,
    EpochRunning,
    Event,
    ExecutionFinished,
    TrialEnded,
)
from automl.engines.limits import START_ATTEMPTS
from automl.engines.ray_trainable import (
    CHECKPOINT,
    ENDED,
    EPOCHS,
    EXECUTION,
    FILES,
    RUNNING,
    SPENT,
    STARTED,
)
from automl.engines.ray_watch import Place
from automl.trial import (
    CHECKPOINT_FILE,
    EpochReport,
    ExecutionReport,
    FailureCause,
    TrialResult,
    TrialSpec,
    file_of_trial,
)

#: Seconds that Tune waits, once for each trial that has ended, for the next one before it goes on
#: with the others. It keeps one idle actor only: if a second trial ended meanwhile, an actor that
#: took seconds to start would be thrown away.
REFILL_SECONDS = 0.25
#: Machines that may leave a cluster under one and the same trial.
MOST_MOVES = 3
#: Seconds within which an actor that was ended for its size is found dead by the next trial.
RETIRED_SECONDS = 60.0


class Closed(BaseException):
    """Ends Tune's loop at once, past its own cleaning up, where the connection ends as well."""


class ClosedGently(Exception):
    """Ends Tune's loop so that it cleans up, in a Ray that stays connected."""


@dataclass
class TuneTrial:
    """A trial in Tune's hands.

    Attributes:
        spec: What it is.
        actor: Handle of the actor that runs it, once there is one.
        started: `time.monotonic` at which it began, or None before.
        verdict: What it ends with where the engine has killed it.
        submitted: The specification as it was submitted, and `time.monotonic` at that.
        place: Where it runs, once it has begun.
        start: Its latest checkpoint, a path below the run's directory, or "".
        finished: What its first executions have come to, those of the specification included.
    """

    spec: TrialSpec
    actor: Any = None
    started: float | None = None
    verdict: TrialResult | None = None
    submitted: tuple[TrialSpec, float] | None = None
    place: Place | None = None
    start: str = ""
    finished: tuple[TrialResult, ...] = ()


@dataclass(frozen=True)
class EventAndFiles:
    """An event, and the files that come with it: a checkpoint, or all that a trial leaves."""

    event: Event
    files: Mapping[str, bytes] = field(default_factory=dict)


class Exchange:
    """Trials and events on their way; every method may be called from any thread.

    Args:
        leave: What ends Tune's loop when the engine is closed.
    """

    def __init__(self, leave: type[BaseException]) -> None:
        self._leave = leave
        self._changed = threading.Condition()
        self._submitted: deque[tuple[TrialSpec, float]] = deque()
        self._running: dict[str, TuneTrial] = {}
        self._events: deque[EventAndFiles] = deque()
        self._vacancies = 0
        self._failed_starts = 0
        self._retired: deque[float] = deque()
        self._moves: Counter[int | str] = Counter()
        self._failure = ""
        self._closed = False

    # The driver's side

    def submit(self, spec: TrialSpec) -> None:
        """Puts a trial last in the queue."""
        with self._changed:
            self._submitted.append((spec, time.monotonic()))
            self._changed.notify_all()

    def take_events(self, timeout: float) -> list[EventAndFiles]:
        """What has happened since the last call, waiting for it at most ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._failure, timeout)
            events = list(self._events)
            self._events.clear()
        return events

    def failure(self) -> str:
        """Why Tune cannot go on, or "" while it can."""
        with self._changed:
            return self._failure

    def running(self) -> list[TuneTrial]:
        """The trials in Tune's hands."""
        with self._changed:
            return list(self._running.values())

    def close(self) -> None:
        """Makes Tune's loop end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # Tune's side

    def check_open(self) -> None:
        """Ends Tune's loop if the engine has been closed."""
        with self._changed:
            if self._closed:
                raise self._leave

    def next_trial(self, identity: str) -> TrialSpec | None:
        """The next trial in the queue; None where there is none and others are running."""
        with self._changed:
            # Tune asks again only after a second where nothing runs: so wait for it here.
            while not (self._submitted or self._running or self._closed):
                self._changed.wait()
            if not self._submitted and self._vacancies:
                self._vacancies = 0
                self._changed.wait_for(lambda: self._submitted or self._closed, REFILL_SECONDS)
            if self._closed:
                raise self._leave
            if not self._submitted:
                return None
            self._vacancies = max(0, self._vacancies - 1)
            whole = spec, submitted = self._submitted.popleft()
            spec = replace(spec, time=spec.time.after(time.monotonic() - submitted))
            self._running[identity] = TuneTrial(
                spec, submitted=whole, start=spec.start, finished=spec.finished
            )
            return spec

    def placed(self, identity: str, actor: Any) -> None:
        """A trial has got its actor."""
        with self._changed:
            self._running[identity].actor = actor

    def took_step(self, identity: str, result: dict[str, Any]) -> None:
        """Takes out of a result what is ours; Tune keeps the rest of it for good."""
        epochs, files = result.pop(EPOCHS, ()), result.pop(FILES, {})
        ended, spent = result.pop(ENDED, None), result.pop(SPENT, False)
        checkpoint, inside = result.pop(CHECKPOINT, None), result.pop(RUNNING, None)
        execution = result.pop(EXECUTION, None)
        with self._changed:
            running = self._running[identity]
            if (place := result.pop(STARTED, None)) is not None:
                running.started, running.place = time.monotonic(), Place(**place)
                self._failed_starts = 0
            trial = running.spec.trial
            for number, (form, waits) in enumerate(epochs, 1):
                event = EpochFinished(trial, from_form(EpochReport, form), waits)
                if checkpoint is not None and number == len(epochs):
                    self._tell(event, {CHECKPOINT_FILE: checkpoint})
                    running.start = file_of_trial(trial, CHECKPOINT_FILE)
                else:
                    self._tell(event)
            if execution is not None:
                report = from_form(ExecutionReport, execution)
                self._tell(ExecutionFinished(trial, report), files)
                running.start, running.finished = "", (*running.finished, report.result)
            if inside is not None and ended is None:
                self._tell(EpochRunning(**inside))
            if ended is not None:
                self._end(identity, from_form(TrialResult, ended), files)
            if spent:
                # Found dead by the trial that is to use it next, which then gets a new one.
                ray.kill(running.actor)
                self._retired.append(time.monotonic())

    def lost(self, identity: str, why: str, of_machine: bool = False) -> None:
        """A trial's actor has died; the trial has failed, or comes again if it had not begun.

        Args:
            identity: Tune's name of it.
            why: One sentence.
            of_machine: Whether its machine has left the cluster; then it comes again, too.
        """
        with self._changed:
            running = self._running[identity]
            if running.verdict is not None:
                self._end(identity, running.verdict)
            elif of_machine and self._moves[running.spec.trial] < MOST_MOVES:
                self._moves[running.spec.trial] += 1
                self._queue_again(identity)
            elif running.started is not None:
                seconds = time.monotonic() - running.started
                self._end(identity, TrialResult.failed(FailureCause.CRASHED, why, seconds))
            else:
                self._queue_again(identity)
                # One that nobody has used for so long, Tune has thrown away.
                while self._retired and time.monotonic() - self._retired[0] > RETIRED_SECONDS:
                    self._retired.popleft()
                if self._retired:
                    self._retired.popleft()
                else:
                    self._count_failed_start(why)

    def broke(self, why: str) -> None:
        """Tune itself has failed, and every trial in its hands with it."""
        with self._changed:
            self._retired.clear()
            if not self._running:
                self._count_failed_start(why)
            for identity in list(self._running):
                self.lost(identity, why)

    def _queue_again(self, identity: str) -> None:
        """Puts a trial first in the queue; what it has waited so far counts on."""
        running = self._running.pop(identity)
        spec, submitted = running.submitted or (running.spec, time.monotonic())
        spec = replace(spec, start=running.start, finished=running.finished)
        self._submitted.appendleft((spec, submitted))

    def _count_failed_start(self, why: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= START_ATTEMPTS:
            self._failure = why
            self._changed.notify_all()

    def _end(self, identity: str, result: TrialResult, files: Mapping[str, bytes] = {}) -> None:
        running = self._running.pop(identity)
        self._vacancies += 1
        self._tell(TrialEnded(running.spec.trial, result), files)

    def _tell(self, event: Event, files: Mapping[str, bytes] = {}) -> None:
        self._events.append(EventAndFiles(event, files))
        self._changed.notify_all()
