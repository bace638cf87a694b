"""When a trial's checkpoint is written, and how a trial goes on from one."""

from __future__ import annotations

import time
from pathlib import Path

from automl.errors import RunError
from automl.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from automl.training.history import run_of
from automl.training.hyper_fit import HyperFitTrainer
from automl.training.timings import Timings
from automl.training.trainers import Training
from automl.training.trial_progress import TrialProgress
from automl.trial import CHECKPOINT_FILE, TrialSpec, file_of_trial

CHECKPOINT_SECONDS = 60.0
"""Seconds of training that a trial may lose with its process (own choice) ..."""
CHECKPOINT_SHARE = 0.02
"""... or more, where writing takes longer than this share of them."""


class Unrestored(Exception):
    """A trial cannot go on from its checkpoint, with what a person should be told of that."""


class Checkpoints:
    """Writes one trial's checkpoints.

    Args:
        spec: The trial.
        training: How it is trained.
        progress: How far it is.
        timings: Where its seconds are counted.
        directory: Its directory.
    """

    def __init__(
        self,
        spec: TrialSpec,
        training: Training,
        progress: TrialProgress,
        timings: Timings,
        directory: Path,
    ) -> None:
        self._spec = spec
        self._training = training
        self._progress = progress
        self._timings = timings
        self._directory = directory
        self._written = time.perf_counter()
        self._cost = 0.0
        if training.can_pause:
            progress.watch(self._write_if_due)

    def _write_if_due(self) -> None:
        interval = max(CHECKPOINT_SECONDS, self._cost / CHECKPOINT_SHARE)
        if time.perf_counter() - self._written >= interval:
            self.write()

    def write(self) -> str:
        """Writes one of the trial as it stands after an epoch.

        Returns:
            Its path below the run's directory; "" where the trainer cannot be paused.
        """
        trainer = self._training.trainer
        if not self._training.can_pause or isinstance(trainer, HyperFitTrainer):
            return ""
        started = time.perf_counter()
        with self._timings.stage("save"):
            control, best = self._progress.state()
            control["stages"] = dict(self._timings.seconds)
            checkpoint = Checkpoint(
                trainer=str(self._training.name),
                epoch=len(self._progress.history),
                seconds=self._timings.total,
                control=control,
                state=trainer.state(),
                best=best,
                predictions=self._progress.scoring.best_predictions,
                view=self._spec.view,
                seed=self._spec.seed,
                crossed=self._progress.scoring.crossed_predictions,
                late=tuple(self._progress.scoring.packed_late()),
            )
            path = write_checkpoint(checkpoint, self._directory)
        self._written = time.perf_counter()
        self._cost = self._written - started
        return file_of_trial(self._spec.trial, path.name)


def found_checkpoint(spec: TrialSpec, directory: Path) -> tuple[Checkpoint | None, str]:
    """The checkpoint that a trial is to start from.

    Args:
        spec: The trial.
        directory: Its directory.

    Returns:
        It, or None and what a person should be told: the trial begins anew.
    """
    if not spec.start:
        return None, ""
    try:
        found = read_checkpoint(directory.absolute().parents[1] / spec.start)
    except RunError as error:
        return None, _anew(error)
    # One of an execution that was finished meanwhile: of this one there is none yet.
    is_own = found.view in ("", spec.view) and found.seed in (None, spec.seed)
    return (found if is_own else None), ""


def go_on(checkpoint: Checkpoint | None, training: Training, progress: TrialProgress) -> None:
    """Takes a trial up where its checkpoint was taken.

    Args:
        checkpoint: The checkpoint, or None to begin anew.
        training: How the trial is trained, ready.
        progress: How far it is: at its beginning.

    Raises:
        Unrestored: It has to begin anew nevertheless.
    """
    if checkpoint is None:
        return
    trainer = training.trainer
    try:
        if checkpoint.trainer != training.name or isinstance(trainer, HyperFitTrainer):
            raise RunError(
                f"The checkpoint was taken of the trainer {checkpoint.trainer!r}, and "
                f"{str(training.name)!r} trains now."
            )
        trainer.restore_state(checkpoint.state)
    except RunError as error:
        raise Unrestored(_anew(error)) from error
    progress.restore_state(checkpoint)


def forget_checkpoint(directory: Path) -> None:
    """Removes the checkpoint of a trial that needs it no more."""
    run_of(directory).remove(directory.absolute() / CHECKPOINT_FILE)


def _anew(error: RunError) -> str:
    return f"a trial could not go on from its checkpoint and began anew: {error}"
