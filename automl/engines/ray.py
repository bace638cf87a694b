"""The Ray engine: trials in actors of Ray Tune, on this machine or on a cluster."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from typing_extensions import override

from automl.common.bounded import MOST_CHECKPOINT, read_bounded
from automl.common.root import Root
from automl.engines.absence import Absence
from automl.engines.contract import (
    Engine,
    EpochFinished,
    Event,
    ExecutionFinished,
    Job,
    TrialEnded,
)
from automl.engines.limits import MEMORY_GROWTH, STALL_SECONDS, overdue
from automl.engines.ray_cluster import Cluster, connect
from automl.engines.ray_exchange import Closed, ClosedGently, EventAndFiles, Exchange, TuneTrial
from automl.engines.ray_health import Health
from automl.engines.ray_trainable import EXECUTION_END, Mailbox
from automl.engines.ray_tune import make_tuner
from automl.engines.ray_watch import TrialClock, Watch
from automl.engines.ray_workload import Workload
from automl.engines.trial_files import names_below, read_files, replace_files, write_files
from automl.errors import RunError
from automl.trial import (
    CHECKPOINT_FILE,
    Answer,
    FailureCause,
    TrialResult,
    TrialSpec,
    TrialState,
    folder_of_trial,
)

#: Seconds between two looks for trials that hang.
LOOK_SECONDS = 0.3
#: Seconds that a trial may overstay its own limit until its actor is killed. It ends by itself
#: before, unless it is building or tracing; its result takes a few tenths of a second through Tune.
LIMIT_GRACE = 1.0
#: Seconds that Tune's loop, which turns ten times a second, gets to end.
LEAVE_SECONDS = 20.0
#: Seconds within which a healthy cluster answers.
ANSWER_SECONDS = 30.0


class RayEngine(Engine):
    """Trials in actors of Ray Tune.

    Tune's loop runs in a thread of its own and takes the driver's trials as they are submitted.
    A trial's files come back with its result, so that machines need not share a file system;
    `automl` must be installed on each of them.

    Args:
        workers: How many trials run at once.
        address: A cluster's ``host:port`` or ``auto``, or None for a Ray of our own that ends
            with the engine.
        stall_seconds: Seconds without a sign of life after which a trial is killed.
        memory_growth: Bytes by which an actor may grow before it is replaced.
        on_gpu: Whether trials share the GPUs there are among themselves.
    """

    def __init__(
        self,
        workers: int,
        address: str | None = None,
        stall_seconds: float = STALL_SECONDS,
        memory_growth: int = MEMORY_GROWTH,
        on_gpu: bool = False,
    ) -> None:
        self._slots = workers
        self._address = address
        self._stall_seconds = stall_seconds
        self._memory_growth = memory_growth
        self._on_gpu = on_gpu
        self._held = ExitStack()
        self._exchange = Exchange(Closed)
        self._mailbox: Any = None
        self._thread: threading.Thread | None = None
        self._run = Path()
        self._looked = 0.0
        self._absence = Absence()
        self._clocks: dict[str, TrialClock] = {}
        self._watch = Watch("")
        self._health: Health | None = None
        #: The latest message to each trial, until its next epoch.
        self._messages: dict[str, dict[str, Any]] = {}
        self._mailbox_name = ""
        self._mailbox_since = time.monotonic()

    @property
    @override
    def slots(self) -> int:
        return self._slots

    @override
    def open(self, job: Job) -> None:
        self._run = job.run
        workload = Workload.of(job, self._memory_growth)
        cluster = self._held.enter_context(connect(self._address, self._slots, self._on_gpu))
        workload = replace(workload, on_gpu=cluster.gpus > 0)
        self._exchange = Exchange(Closed if cluster.is_left else ClosedGently)
        node = ray.get_runtime_context().get_node_id()
        here = NodeAffinitySchedulingStrategy(node, soft=False)
        self._watch = Watch(node)
        self._health = cluster.health
        # Where it dies it is started anew, and what was asked of it is asked again.
        self._mailbox = (
            ray.remote(Mailbox)
            .options(num_cpus=0, scheduling_strategy=here, max_restarts=-1, max_task_retries=-1)
            .remote()
        )
        self._thread = threading.Thread(
            target=self._tune, args=(workload, cluster), name="ray-tune", daemon=True
        )
        self._thread.start()

    def _tune(self, workload: Workload, cluster: Cluster) -> None:
        """Runs Tune until the engine is closed, anew where Tune itself fails."""
        for attempt in itertools.count():
            name = f"{cluster.folder.name}-{attempt}"
            try:
                self._exchange.check_open()
                make_tuner(
                    self._exchange, workload, self._mailbox, cluster, self._slots, name
                ).fit()
                why = "Ray Tune ended by itself"
            except (Closed, ClosedGently):
                return
            except Exception as error:  # noqa: BLE001 - told to the driver's thread
                why = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            self._exchange.broke(why)
            if self._exchange.failure():
                return

    @override
    def submit(self, spec: TrialSpec) -> None:
        self._absence.look()
        self._clocks[str(spec.trial)] = TrialClock(self._absence)
        files = self._files_of(spec) if spec.finished else {}
        if spec.start:
            files[CHECKPOINT_FILE] = read_bounded(Root(self._run), spec.start, MOST_CHECKPOINT)
        if files:
            self._mailbox.leave_files.remote(str(spec.trial), files)
        self._exchange.submit(spec)

    def _files_of(self, spec: TrialSpec) -> dict[str, bytes]:
        """What the executions of a trial that are finished have left in the run."""
        folder = self._run / folder_of_trial(spec.trial)
        names = [name for name in names_below(Root(self._run), folder) if name != CHECKPOINT_FILE]
        return read_files(Root(self._run), folder, names)

    @override
    def events(self, timeout: float) -> list[Event]:
        self._absence.look()
        deadline = time.monotonic() + timeout
        while True:
            # Also while others have news, and Ray's parts may be dead for long until it shows.
            if time.monotonic() - self._looked > LOOK_SECONDS:
                self._check_health()
                self._kill_overdue()
            seconds = min(max(0.0, deadline - time.monotonic()), LOOK_SECONDS)
            with self._absence.waiting(seconds):
                events = self._exchange.take_events(seconds)
            if self._is_suspicious(events):
                self._check_health()
            if events:
                return [self._take(taken) for taken in events]
            if failure := self._exchange.failure():
                raise RunError(
                    f"Ray Tune cannot run trials ({failure}); mend it, then resume the search."
                )
            if time.monotonic() >= deadline:
                return []

    def _is_suspicious(self, events: list[EventAndFiles]) -> bool:
        """Whether to see if the cluster lives: a trial has failed, or nothing has happened."""
        ended = [one.event.result for one in events if isinstance(one.event, TrialEnded)]
        return not events or any(result.state is TrialState.FAILED for result in ended)

    def _check_health(self) -> None:
        lost = self._health.lost() if self._health is not None else ""
        if lost:
            self._exchange.close()
            raise RunError(
                f"Ray has died under the search: {lost}. The trials that ran are not to blame; "
                f"they run again with `automl resume {self._run}`."
            )

    def _take(self, taken: EventAndFiles) -> Event:
        """Puts an ended trial's files into the run."""
        event = taken.event
        if isinstance(event, EpochFinished):
            self._messages[str(event.trial)] = {"at": [event.report.execution, event.report.epoch]}
            if taken.files:
                self._keep(event.trial, taken.files)
        if isinstance(event, ExecutionFinished):
            self._messages[str(event.trial)] = {"at": [event.report.number, EXECUTION_END]}
            self._keep(event.trial, {**taken.files, CHECKPOINT_FILE: None})
        if not isinstance(event, TrialEnded):
            return event
        self._messages.pop(str(event.trial), None)
        self._clocks.pop(str(event.trial), None)
        self._mailbox.forget.remote(str(event.trial))
        try:
            replace_files(Root(self._run), Path(folder_of_trial(event.trial)), taken.files)
        except (OSError, RunError) as error:
            reason = f"its files could not be written: {error}"
            return TrialEnded(event.trial, TrialResult.failed(FailureCause.UNWRITABLE, reason))
        return event

    def _keep(self, trial: int | str, files: Mapping[str, bytes | None]) -> None:
        """Puts files from which a trial may go on into the run, and takes others away."""
        write_files(Root(self._run), self._run / folder_of_trial(trial), files)
        self._mailbox.leave_files.remote(str(trial), files)

    def _kill_overdue(self) -> None:
        now = self._looked = self._absence.look()
        started = [trial for trial in self._exchange.running() if trial.started is not None]
        for name in self._clocks.keys() - {str(trial.spec.trial) for trial in started}:
            self._clocks[name] = TrialClock(self._absence)
        if not started:
            return
        for trial in started:
            self._clocks[str(trial.spec.trial)].began(now, trial.started or now)
        waited = self._absence.waited
        asked = self._mailbox.silences.remote()
        while not self._has_come(asked):
            self._check_health()
            if self._absence.waited - waited > ANSWER_SECONDS:
                raise RunError(
                    f"The Ray cluster has not answered for {ANSWER_SECONDS:g} s; see to it, then "
                    f"go on with `automl resume {self._run}`."
                )
        try:
            mailbox, silences = ray.get(asked)
        except ray.exceptions.RayError as error:
            self._check_health()
            raise RunError(
                f"The Ray cluster does not answer any more ({type(error).__name__}); see to it, "
                f"then go on with `automl resume {self._run}`."
            ) from error
        self._notice_mailbox(mailbox, now)
        for trial in self._watched(started, now):
            name = str(trial.spec.trial)
            silence = silences.get(name, now - self._mailbox_since)
            began = trial.started or now
            running, silent = self._clocks[name].seconds(now, began, silence)
            verdict = overdue(trial.spec, running, silent, self._stall_seconds, LIMIT_GRACE)
            if verdict is not None and trial.verdict is None:
                trial.verdict = verdict
                ray.kill(trial.actor)

    def _has_come(self, asked: Any) -> bool:
        """Waits a moment for an answer."""
        with self._absence.waiting(LOOK_SECONDS):
            return bool(ray.wait([asked], timeout=LOOK_SECONDS)[0])

    def _watched(self, started: list[TuneTrial], now: float) -> list[TuneTrial]:
        """The trials of which it is known what held them up so far."""
        seen = self._watch.look([trial.place for trial in started if trial.place], now)
        for trial in started:
            if trial.place in seen:
                self._clocks[str(trial.spec.trial)].look(now, seen[trial.place])
        return [t for t in started if not (t.place and self._watch.is_unsure(t.place, now))]

    def _notice_mailbox(self, mailbox: str, now: float) -> None:
        """Sends again what a mailbox may have had when it died: the latest to each trial."""
        if mailbox == self._mailbox_name:
            return
        if self._mailbox_name:
            for trial, message in self._messages.items():
                if len(message) > 1:
                    self._mailbox.put.remote(trial, message)
        self._mailbox_name, self._mailbox_since = mailbox, now

    @override
    def answer(self, trial: int | str, answer: Answer, thresholds: Sequence[float] = ()) -> None:
        message = {
            **self._messages.get(str(trial), {}),
            "answer": answer,
            "thresholds": list(thresholds),
        }
        self._messages[str(trial)] = message
        self._mailbox.put.remote(str(trial), message)

    @override
    def interrupt(self, trial: int | str, reason: str) -> None:
        self._messages.setdefault(str(trial), {})["interrupt"] = reason
        self._mailbox.put.remote(str(trial), {"interrupt": reason})

    @override
    def close(self) -> None:
        self._exchange.close()
        if self._thread is not None and self._health is not None and self._health.lost():
            self._thread = None  # nothing of what it waits for will come
        if self._thread is not None:
            for trial in self._exchange.running():
                if trial.actor is not None:
                    ray.kill(trial.actor)
            self._thread.join(LEAVE_SECONDS)
            self._thread = None
            ray.kill(self._mailbox)
            self._watch.close()
        self._held.close()
