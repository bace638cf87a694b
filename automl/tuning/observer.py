"""What a search tells whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typing_extensions import override

from automl.trial import EpochReport, ExecutionReport, TrialResult


@dataclass(frozen=True)
class SearchProgress:
    """Where a search stands.

    Attributes:
        done: Trials that are over, those of earlier sessions included.
        completed: Those that completed.
        pruned: Those that were pruned.
        failed: Those that failed.
        running: Trials and baselines that run now.
        total: Trials asked for, or None without a limit.
        elapsed: Seconds spent, those of earlier sessions included.
        seconds_left: Seconds left for trials, or None without a time limit.
        objective: Name of the objective.
        direction: ``minimize`` or ``maximize``.
        top: The best completed trials, best first: number, score and configuration.
    """

    done: int
    completed: int
    pruned: int
    failed: int
    running: int
    total: int | None
    elapsed: float
    seconds_left: float | None
    objective: str
    direction: str
    top: tuple[tuple[int, float, Mapping[str, Any]], ...] = field(default=())


class Observer:
    """Watches a search; every method may be overridden, none does anything by itself."""

    def said(self, message: str) -> None:
        """Something a person must be told (a column was dropped, a task was inferred)."""

    def run_opened(self, path: Path) -> None:
        """The run's directory is there and locked; what was said before belongs to this run."""

    def trial_started(self, trial: int | str, config: Mapping[str, Any]) -> None:
        """A trial or baseline has been handed to the engine."""

    def epoch_finished(self, trial: int | str, report: EpochReport) -> None:
        """A running trial or baseline has finished an epoch."""

    def epoch_running(self, trial: int | str, epoch: int, done: float) -> None:
        """A running trial or baseline is inside an epoch that takes seconds, done to a share."""

    def execution_finished(self, trial: int | str, report: ExecutionReport) -> None:
        """A running trial or baseline has finished an execution, such as a fold, not its last."""

    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        """A trial or baseline is over."""

    def progressed(self, progress: SearchProgress) -> None:
        """The search stands as given; called after every change and about once a second."""

    def finishing(self, message: str) -> None:
        """A stage after the last trial has begun (scoring test rows, exporting, checking)."""


class Observers(Observer):
    """Several observers as one.

    Args:
        observers: Each is told everything, in this order.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    @override
    def said(self, message: str) -> None:
        for observer in self._observers:
            observer.said(message)

    @override
    def run_opened(self, path: Path) -> None:
        for observer in self._observers:
            observer.run_opened(path)

    @override
    def trial_started(self, trial: int | str, config: Mapping[str, Any]) -> None:
        for observer in self._observers:
            observer.trial_started(trial, config)

    @override
    def epoch_finished(self, trial: int | str, report: EpochReport) -> None:
        for observer in self._observers:
            observer.epoch_finished(trial, report)

    @override
    def epoch_running(self, trial: int | str, epoch: int, done: float) -> None:
        for observer in self._observers:
            observer.epoch_running(trial, epoch, done)

    @override
    def execution_finished(self, trial: int | str, report: ExecutionReport) -> None:
        for observer in self._observers:
            observer.execution_finished(trial, report)

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        for observer in self._observers:
            observer.trial_ended(trial, result)

    @override
    def progressed(self, progress: SearchProgress) -> None:
        for observer in self._observers:
            observer.progressed(progress)

    @override
    def finishing(self, message: str) -> None:
        for observer in self._observers:
            observer.finishing(message)
