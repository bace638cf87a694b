"""One worker process of the local engine, and what it may be blamed for while a trial runs."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from automl.common.forms import to_form
from automl.engines.absence import Absence
from automl.engines.child import Child
from automl.engines.limits import LIMIT_GRACE, STALL_SECONDS, overdue
from automl.engines.process_output import describe_end, length, printed_since
from automl.engines.process_table import process_state
from automl.engines.suspended_time import SuspendedTime
from automl.trial import TrialResult, TrialSpec


class LocalWorker:
    """One worker process and the trial that it runs."""

    def __init__(self, child: Child, log: Path, absence: Absence) -> None:
        self.child = child
        self.log = log
        self.ready = False
        self.has_job = False
        self.spec: TrialSpec | None = None
        self.started = self.submitted = 0.0
        self.heard = time.monotonic()
        self._absence = absence
        self._excused_from = self._silence_excused_from = absence.seconds
        self._held_up = self._silence_held_up = 0.0
        self._hold = SuspendedTime(absence, self.heard)
        self._log_start = length(log)
        self.first_memory: int | None = None  # when it was ready
        self.usual_memory: int | None = None  # after its first trial
        self._overgrown: tuple[TrialSpec | None, str] | None = None

    def give(self, spec: TrialSpec, submitted: float) -> None:
        """Starts a trial that was submitted at a time on the monotonic clock."""
        self.spec, self.submitted = spec, submitted
        self._log_start = length(self.log)
        self.hear()
        self.started = self.heard
        self._excused_from, self._held_up = self._absence.seconds, 0.0
        spec = replace(spec, time=spec.time.after(self.started - submitted))
        self.child.send({"trial": to_form(spec)})

    def end_description(self) -> str:
        """How the process has ended, and what it said of the reason since the trial began."""
        said = self.child.said or printed_since(self.log, self._log_start)
        return describe_end(self.child.exit_code, said)

    def end_overgrown(self, why: str) -> None:
        """Ends the process for the memory that it holds; called by the guard's thread."""
        if self._overgrown is None:
            self._overgrown = self.spec, why
            self.child.kill()

    def overgrown(self) -> str | None:
        """Why the guard has ended the process during its present trial; None if it has not.

        "" where that was on account of an earlier trial, which had just ended.
        """
        if self._overgrown is None:
            return None
        spec, why = self._overgrown
        return why if spec is self.spec else ""

    def never_came_up(self) -> bool:
        """Whether a process hangs that has not even come to its first trial."""
        return not self.ready and self._silent(self._absence.look()) > STALL_SECONDS

    def overdue(self, stall_seconds: float, grace: float = LIMIT_GRACE) -> TrialResult | None:
        """The result of a trial that has hung or overstayed its limit, or None; see `overdue`."""
        if self.spec is None:
            return None
        now = self._absence.look()
        self._look(now)
        excused = self._absence.seconds - self._excused_from + self._held_up
        running = now - self.started - excused
        return overdue(self.spec, running, self._silent(now), stall_seconds, grace)

    def hear(self) -> None:
        """Takes a sign of life."""
        self.heard = self._absence.look()
        self._silence_excused_from, self._silence_held_up = self._absence.seconds, 0.0

    def _silent(self, now: float) -> float:
        """Seconds without a sign of life while it could give one and somebody listened."""
        excused = self._absence.seconds - self._silence_excused_from + self._silence_held_up
        return now - self.heard - excused

    def _look(self, now: float) -> None:
        """Counts the seconds in which the process is stopped, or waits for a core or a disk."""
        if self.child.pid is None or not self._hold.is_due(now):
            return
        held_up = self._hold.look(now, process_state(self.child.pid))
        self._held_up += min(held_up, now - self.started)
        self._silence_held_up += min(held_up, now - self.heard)
