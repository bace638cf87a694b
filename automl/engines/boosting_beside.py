"""An engine beside which the gradient boosting baseline is trained, in a process of its own.

It is no Keras model and needs no TensorFlow, so it takes no worker's place: its process starts
while TensorFlow is still imported for the workers, on this machine whatever the engine. To the
driver it is one more trial, which ends when the search does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from automl.common.forms import from_form, to_form
from automl.common.root import Root
from automl.engines.absence import Absence
from automl.engines.contract import Engine, Event, Job, TrialEnded
from automl.engines.guard import Guard, WatchedChild
from automl.engines.limits import STALL_SECONDS
from automl.engines.process_output import (
    NO_PROCESS,
    describe_end,
    length,
    printed_since,
    why_none,
)
from automl.engines.processes import Processes
from automl.engines.spawned import SpawnedProcesses
from automl.errors import RunError
from automl.trial import (
    BOOSTING,
    Answer,
    FailureCause,
    TrialResult,
    TrialSpec,
    TrialState,
)

#: Seconds between two looks whether it is done.
LOOK_SECONDS = 0.1


class BoostingBeside(Engine):
    """Another engine, with a slot more until the baseline is over.

    Args:
        engine: Where all other trials run.
        memory_limit: Bytes that the baseline's process may hold, or None for no limit.
        stall_seconds: Seconds after which it is taken to hang.
    """

    def __init__(
        self,
        engine: Engine,
        memory_limit: int | None = None,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._engine = engine
        self._memory_limit = memory_limit
        self._stall_seconds = stall_seconds
        self._job: Job | None = None
        self._log, self._log_start = Path(), 0
        self._is_over = False
        self._processes: Processes | None = None
        self._watched: WatchedChild | None = None
        self._guard: Guard | None = None
        self._absence = Absence()
        self._ended: list[Event] = []

    @property
    @override
    def slots(self) -> int:
        return self._engine.slots + (not self._is_over)

    @override
    def open(self, job: Job) -> None:
        self._job, self._log = job, job.run / "logs" / "boosting.log"
        self._engine.open(job)

    @override
    def submit(self, spec: TrialSpec) -> None:
        if spec.trial != BOOSTING:
            self._engine.submit(spec)
            return
        assert self._job is not None
        arguments = {
            "spec": to_form(spec),
            "arrays": str(self._job.arrays),
            "run": str(self._job.run),
            "objective": to_form(self._job.objective),
            "own": self._job.metrics,
        }
        function = "automl.training.boosting_in_child:train_in_child"
        argument = {"function": function, "arguments": arguments}
        self._log_start = length(self._log)
        try:
            self._begin(argument)
        except NO_PROCESS as error:
            self._fail(f"its process cannot be started{why_none(error)}", FailureCause.CRASHED)
        except RunError as error:  # it cannot be looked after, or its log leads out of the run
            self._fail(str(error), FailureCause.CRASHED)

    def _begin(self, argument: Mapping[str, Any]) -> None:
        assert self._job is not None
        Root(self._job.run).make_folder("logs")
        self._processes = SpawnedProcesses()
        function = "automl.engines.run_in_child:serve_call"
        child = self._processes.start(function, argument, self._log)
        watched = self._watched = WatchedChild(child)
        self._guard = Guard(lambda: [watched], self._memory_limit)

    @override
    def events(self, timeout: float) -> list[Event]:
        if self._watched is not None:
            timeout = min(timeout, LOOK_SECONDS)
        with self._absence.waiting(timeout):
            events = self._engine.events(timeout)
        if self._watched is not None and self._processes is not None:
            self._processes.notice()
            self._look(self._watched)
        ended, self._ended = self._ended, []
        return [*events, *ended]

    def _look(self, watched: WatchedChild) -> None:
        """Takes what its process has sent, or notices that it has died or hangs."""
        child = watched.child
        try:
            answer = child.receive() if child.connection is not None else None
        except EOFError:
            answer = None
            assert self._processes is not None
            self._processes.await_end(child)
        if answer is not None:
            self._end(_result(answer))
        elif child.exit_code is not None:
            cause = FailureCause.OUT_OF_MEMORY if watched.why else FailureCause.CRASHED
            said = printed_since(self._log, self._log_start)
            self._fail(watched.why or f"its process {describe_end(child.exit_code, said)}", cause)
        elif self._absence.waited > self._stall_seconds:
            reason = f"it was not done after {self._stall_seconds:g} s and was killed"
            self._fail(reason, FailureCause.STALLED)

    def _fail(self, reason: str, cause: FailureCause) -> None:
        self._end(TrialResult.failed(cause, reason, self._absence.waited))

    def _end(self, result: TrialResult) -> None:
        self._stop()
        self._ended.append(TrialEnded(BOOSTING, result))

    def _stop(self) -> None:
        self._is_over = True
        if self._guard is not None:
            self._guard.close()
        if self._watched is not None:
            self._watched.child.kill()
        if self._processes is not None:
            self._processes.close()
        self._guard = self._watched = self._processes = None

    @override
    def answer(self, trial: int | str, answer: Answer, thresholds: Sequence[float] = ()) -> None:
        if trial != BOOSTING:
            self._engine.answer(trial, answer, thresholds)
        elif answer is not Answer.GO_ON and self._watched is not None:
            self._end(TrialResult(TrialState.PAUSED))  # resumed, it begins anew

    @override
    def interrupt(self, trial: int | str, reason: str) -> None:
        if trial != BOOSTING:
            self._engine.interrupt(trial, reason)
        elif self._watched is not None:
            self._fail(reason, FailureCause.TIME_LIMIT)

    @override
    def close(self) -> None:
        self._stop()
        self._engine.close()


def _result(answer: Mapping[str, Any]) -> TrialResult:
    if "value" in answer:
        return from_form(TrialResult, answer["value"])
    return TrialResult.failed(FailureCause.EXCEPTION, str(answer["error"]))
