"""KerasTuner's RandomSearch, as its guide writes it, without output."""

from __future__ import annotations

from typing import Any

import keras_tuner

from benchmarks.catalogue import BATCH_SIZE
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import EventLog
from benchmarks.peers.fitting import early_stopping
from benchmarks.rows import Rows


class _Timed(keras_tuner.RandomSearch):  # type: ignore[misc]
    """A RandomSearch that notes the end of every trial; what it does is unchanged."""

    def __init__(self, log: EventLog, **options: Any) -> None:
        self._log = log
        self._epochs = 0
        super().__init__(**options)

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        self._epochs = 0
        histories = super().run_trial(trial, *args, **kwargs)
        self._epochs = len(histories[0].epoch)
        return histories

    def on_trial_end(self, trial: Any) -> None:
        super().on_trial_end(trial)
        ended = self.oracle.get_trial(trial.trial_id)
        self._log.trial(ended.score, self._epochs, state=str(ended.status))


def search(assignment: Assignment, log: EventLog) -> None:
    """Searches as asked; the tuner keeps the weights of every trial's best epoch."""
    search_rows(assignment, log, assignment.shared.build, assignment.rows())


def search_rows(assignment: Assignment, log: EventLog, hypermodel: Any, rows: Rows) -> None:
    """Searches a build function or a hypermodel on rows in the form that its models take."""
    tuner = _Timed(
        log,
        hypermodel=hypermodel,
        objective="val_loss",
        max_trials=assignment.trials,
        # A diverged trial's score is NaN, which would end the search after three in a row.
        max_consecutive_failed_trials=assignment.trials,
        seed=assignment.seed,
        overwrite=True,
        directory=assignment.directory,
        project_name="search",
    )
    tuner.search(
        rows["x_train"],
        rows["y_train"],
        validation_data=(rows["x_val"], rows["y_val"]),
        epochs=assignment.epochs,
        batch_size=BATCH_SIZE,
        callbacks=[early_stopping(assignment)],
        verbose=0,
    )
    log.searched()
