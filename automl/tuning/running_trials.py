"""What running trials do, as far as they have told: building, or how far in which epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import override

from automl.results.board_columns import number
from automl.trial import BOOSTING, EpochReport, ExecutionReport, TrialResult
from automl.tuning.observer import Observer

#: Seconds that a trial builds until a person is told for how long.
LONG_BUILD = 3.0
#: Seconds until a trial that has not ended has its first line of its own; the next ones come after
#: twice the seconds each, up to `LONGEST_PACE`, so that a long trial takes few of them.
FIRST_PACE = 10.0
LONGEST_PACE = 600.0


@dataclass(frozen=True)
class RunningTrial:
    """One of them.

    Attributes:
        started: Seconds on the clock at which it was handed to the engine.
        due: Seconds on the clock at which its next line is due.
        pace: Seconds between that line and the one before.
        epoch: Epochs that it has finished.
        score: The latest one's.
        inside: Share of the next epoch that is done, or None where it has not told.
        finished: Executions that are finished, of several.
        on_folds: Whether they are folds.
    """

    started: float
    due: float
    pace: float = FIRST_PACE
    epoch: int = 0
    score: float | None = None
    inside: float | None = None
    finished: int = 0
    on_folds: bool = False


class RunningTrials(Observer):
    """Keeps what running trials have told of themselves; the base of what shows it.

    Args:
        clock: Tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: dict[int | str, RunningTrial] = {}

    @override
    def trial_started(self, trial: int | str, config: Mapping[str, Any]) -> None:
        now = self._clock()
        self._running[trial] = RunningTrial(now, now + FIRST_PACE)

    @override
    def epoch_finished(self, trial: int | str, report: EpochReport) -> None:
        told = {"epoch": report.epoch, "score": report.score, "finished": report.execution - 1}
        self._change(trial, inside=None, **told)

    @override
    def epoch_running(self, trial: int | str, epoch: int, done: float) -> None:
        self._change(trial, epoch=epoch - 1, inside=done)

    @override
    def execution_finished(self, trial: int | str, report: ExecutionReport) -> None:
        told = {"finished": report.number, "on_folds": bool(report.folds)}
        self._change(trial, epoch=0, score=None, inside=None, **told)

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        self._running.pop(trial, None)

    @override
    def finishing(self, message: str) -> None:
        self._running.clear()  # what the end of the search has cut off for nothing never ends

    def _change(self, trial: int | str, **told: Any) -> None:
        if trial in self._running:
            self._running[trial] = replace(self._running[trial], **told)

    def describe(self, objective: str, most: int | None = None, since: float = 0.0) -> str:
        """All of them on one line.

        Args:
            objective: What their scores are.
            most: How many to name; None for all.
            since: Seconds that one must have run to be named.
        """
        now = self._clock()
        named = [trial for trial, it in self._running.items() if now - it.started >= since]
        told = [self._describe(trial, objective, now) for trial in named[:most]]
        rest = len(named) - len(told)
        return ", ".join(told + ([f"{rest} more"] if rest else []))

    def lines(self, objective: str) -> list[str]:
        """A line for each that has run for long without one, and is due."""
        now, told = self._clock(), []
        for trial, it in list(self._running.items()):
            if now >= it.due:
                trains = bool(it.epoch) or it.inside is not None
                spent = f", {now - it.started:.0f} s so far" if trains else ""
                told.append(self._describe(trial, objective, now) + spent)
                pace = min(2 * it.pace, LONGEST_PACE)
                self._running[trial] = replace(it, due=now + pace, pace=pace)
        return told

    def _describe(self, trial: int | str, objective: str, now: float) -> str:
        it = self._running[trial]
        name = trial if isinstance(trial, str) else f"trial {trial}"
        if it.finished:
            name += f" {'fold' if it.on_folds else 'execution'} {it.finished + 1}"
        score = "" if it.score is None else f" ({objective} {number(it.score)})"
        if it.inside is not None:
            return f"{name} epoch {it.epoch + 1} at {100 * it.inside:.0f} %{score}"
        if it.epoch:
            return f"{name} epoch {it.epoch}{score}"
        seconds = now - it.started
        doing = "training" if trial == BOOSTING else "building"  # which tells of no epochs
        return f"{name} {doing}" + (f" {seconds:.0f} s" if seconds >= LONG_BUILD else "")
