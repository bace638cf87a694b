"""AutoKeras: the workload's layers as a block; head, optimizer and rate are AutoKeras's own.

AutoKeras compiles models itself, so that its search is over the same layers, but over its own
optimizers and learning rates.
"""

from __future__ import annotations

from typing import Any

import autokeras  # type: ignore[import-not-found,unused-ignore]
import tree  # type: ignore[import-not-found,unused-ignore]
from autokeras.tuners import RandomSearch  # type: ignore[import-not-found,unused-ignore]

from benchmarks.catalogue import BATCH_SIZE
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import EventLog
from benchmarks.peers.fitting import early_stopping


def search(assignment: Assignment, log: EventLog) -> None:
    """Searches as asked."""
    workload = assignment.shared

    class Layers(autokeras.Block):  # type: ignore[misc]
        """The workload's layers."""

        def build(self, hp: Any, inputs: Any = None) -> Any:
            return workload.layers(workload.values(hp), tree.flatten(inputs)[0])

    if workload.classes is None:
        head = mended(autokeras.RegressionHead)(output_dim=1)
    else:
        head = mended(autokeras.ClassificationHead)(num_classes=workload.classes)
    inputs = autokeras.Input()
    search_graph(assignment, log, inputs, head(Layers()(inputs)))


def search_graph(assignment: Assignment, log: EventLog, inputs: Any, outputs: Any) -> None:
    """Searches what is between an input node and the outputs of a head, at random."""

    class Timed(RandomSearch):  # type: ignore[misc]
        """A tuner that notes the end of every trial."""

        epochs = 0

        def _build_and_fit_model(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            self.epochs = 0
            history = super()._build_and_fit_model(trial, *args, **kwargs)
            self.epochs = len(history.epoch)
            return history

        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            ended = self.oracle.get_trial(trial.trial_id)
            log.trial(ended.score, self.epochs, state=str(ended.status))

    rows = assignment.rows()
    model = autokeras.AutoModel(
        inputs,
        outputs,
        project_name="search",
        directory=assignment.directory,
        max_trials=assignment.trials,
        max_consecutive_failed_trials=assignment.trials,
        objective="val_loss",
        tuner=Timed,
        seed=assignment.seed,
        overwrite=True,
    )
    model.fit(
        rows["x_train"],
        rows["y_train"],
        validation_data=(rows["x_val"], rows["y_val"]),
        epochs=assignment.epochs,
        batch_size=BATCH_SIZE,
        callbacks=[early_stopping(assignment)],
        verbose=0,
    )
    log.searched()


def mended(head: Any) -> Any:
    """A head of AutoKeras that can be built.

    AutoKeras 3.0.0 hands a NumPy integer to `keras.layers.Dense`, which Keras 3.15 refuses; as it
    is, AutoKeras cannot train anything with this Keras.
    """

    class Mended(head):  # type: ignore[misc]
        """The same with its shape in Python's integers."""

        shape: Any

        def build(self, hp: Any, inputs: Any = None) -> Any:
            self.shape = tuple(int(size) for size in self.shape)
            return super().build(hp, inputs)

    return Mended
