"""This project: the build function as a search space, random sampling, no pruner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

import automl
from automl.trial import TrialResult
from automl.tuning.observer import Observer
from benchmarks.catalogue import BATCH_SIZE
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import EventLog


class _ReachedError(BaseException):
    """The score that a search was to reach is reached."""


class _Watcher(Observer):
    """Notes every trial's end, and the end of the last one."""

    def __init__(self, log: EventLog, reach: float | None) -> None:
        self._log = log
        self._reach = reach
        self._finished = False

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        if isinstance(trial, str):
            return  # a baseline is no trial; its time counts all the same
        self._log.trial(
            result.score,
            result.epochs,
            state=str(result.state),
            seconds=result.seconds,
            timings=dict(result.timings),
            reason=result.reason,
        )
        if self._reach is not None and result.score is not None and result.score <= self._reach:
            raise _ReachedError

    @override
    def finishing(self, message: str) -> None:
        if not self._finished:  # what follows is test rows, export and its check
            self._finished = True
            self._log.searched()


def search(assignment: Assignment, log: EventLog) -> None:
    """Searches as asked: for a number of trials, or until a score is reached."""
    rows = assignment.rows()
    options: Mapping[str, Any] = {
        "space": assignment.workload.space,
        # Which a space of our own would search; a build function has Keras's 32.
        "batch_size": BATCH_SIZE,
        "validation": (rows["x_val"], rows["y_val"]),
        "test": (rows["x_test"], rows["y_test"]) if "x_test" in rows else 0.0,
        "epochs": assignment.epochs,
        "patience": assignment.patience,
        "seed": assignment.seed,
        "directory": assignment.folder / "run",
        "observer": _Watcher(log, assignment.reach),
    }
    data = (rows["x_train"], rows["y_train"])
    if assignment.reach is None:
        automl.search(data, **options, trials=assignment.trials, sampler="random", pruner="none")
        return
    try:
        # Sampler and pruner are the defaults of `automl search --time`.
        automl.search(data, **options, time=assignment.seconds)
    except _ReachedError:
        log.searched()
