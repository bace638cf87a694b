"""What a search tells whoever watches it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

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
        over_limits: Configurations that cost too much to be trained; they count for no trials.
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
    over_limits: int = 0


@dataclass(frozen=True)
class RaceProgress:
    """Where the training of finalists stands.

    Attributes:
        done: Trainings that are over.
        most: How many there may be at most: fewer, once the best is told apart from the others.
        best: The finalist with the best mean, or None before any is scored.
        score: That mean.
        scorings: Of how many trainings it is the mean.
        running: Trainings that run now.
        elapsed: Seconds spent on the search, those of earlier sessions included.
        objective: Name of the objective.
    """

    done: int
    most: int
    best: int | None
    score: float | None
    scorings: int
    running: int
    elapsed: float
    objective: str


class Observer:
    """Watches a search: ``automl.search(..., observer=MyObserver())``.

    Derive from it and override what is of interest; no method does anything by itself. They are
    called in the process that drives the search, one after another, in the order of what happens,
    and the search waits for each. An exception in one is said among the notes, and the search
    goes on without calling that method again. A trial is known by its number, a baseline
    by its name.

    Example:
        >>> class Best(automl.Observer):
        ...     def trial_ended(self, trial, result):
        ...         print(trial, result.state, result.score, result.trainer)
    """

    def note(self, message: str) -> None:
        """Something a person must be told (a column was dropped, a task was inferred)."""

    def run_opened(self, path: Path) -> None:
        """The run's directory is there and locked; what was said before belongs to this run."""

    def trial_started(self, trial: int | str, config: Mapping[str, Any]) -> None:
        """A trial or baseline has been handed to the engine."""

    def epoch_finished(self, trial: int | str, report: EpochReport) -> None:
        """A running trial or baseline has finished an epoch, of the execution that it says."""

    def epoch_running(self, trial: int | str, epoch: int, done: float) -> None:
        """A running trial or baseline is inside an epoch that takes seconds, done to a share."""

    def execution_finished(self, trial: int | str, report: ExecutionReport) -> None:
        """A running trial or baseline has finished an execution, such as a fold, not its last."""

    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        """A trial or baseline is over."""

    def progressed(self, progress: SearchProgress) -> None:
        """The search stands as given; called after every change and about once a second."""

    def race_progressed(self, progress: RaceProgress) -> None:
        """Finalists are trained again; called after each training and about once a second."""

    def finishing(self, message: str) -> None:
        """A stage after the last trial has begun (scoring test rows, exporting, checking)."""


#: The names of what an observer is told by.
_METHODS = tuple(name for name in vars(Observer) if not name.startswith("_"))


class Observers(Observer):
    """Several observers as one.

    Args:
        observers: Each is told everything, in this order.
    """

    def __init__(self, *observers: Observer) -> None:
        for name in _METHODS:
            setattr(self, name, partial(_tell, [getattr(one, name) for one in observers]))


def _tell(methods: Sequence[Callable[..., None]], *what: Any) -> None:
    for method in methods:
        method(*what)


class GuardedObserver(Observer):
    """An observer of a person's own, whose errors are said and end nothing.

    A method that has raised is not called again.

    Args:
        observer: The observer.
        say: Told of the error, once a method.
    """

    def __init__(self, observer: Observer, say: Callable[[str], None]) -> None:
        self._observer = observer
        self._say = say
        self._failed: set[str] = set()
        for name in _METHODS:
            setattr(self, name, partial(self._told, name))

    def _told(self, name: str, *what: Any) -> None:
        if name in self._failed:
            return
        try:
            getattr(self._observer, name)(*what)
        except Exception as error:
            self._failed.add(name)
            logging.getLogger("automl").debug("observer", exc_info=error)
            self._say(
                f"observer: {type(self._observer).__name__}.{name} raised {type(error).__name__}: "
                f"{error}; the search goes on and calls it no more"
            )
