"""The base of the pruners that compare a trial's learning curve with those of the others."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from optuna.pruners import BasePruner
from optuna.trial import TrialState

from automl.tuning.finished_executions import finished_folds
from automl.tuning.optuna_private import fixed_values
from automl.tuning.pruners.learning_curve import LearningCurve, learning_curve
from automl.tuning.pruners.peers import Peers
from automl.tuning.study_digest import StudyDigest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial


class CurvePruner(BasePruner):
    """A pruner that decides from the trial's curve and those of the other trials.

    Configurations that were given beforehand, which are a space's default and its portfolio, are
    trained to their end: they are known to be good, and early epochs do not tell them apart. Of
    three in an hour's search of images, successive halving stopped the one whose images were
    shifted, for shifted ones are learnt later and overfitted less.

    A decision is a pure function of the record: nothing is written to the study, and the asking
    trial's own past in it (left by an interrupted attempt) is not looked at.

    Args:
        direction: ``"minimize"`` or ``"maximize"``.
        warm_up: Epochs in which no trial is stopped.

    Attributes:
        compares_running: Whether trials that run now count among the others.
    """

    compares_running: ClassVar[bool] = True

    def __init__(self, *, direction: str, warm_up: int) -> None:
        self._minimize = direction == "minimize"
        self.warm_up = warm_up
        self._memory: StudyDigest[Peers] = StudyDigest(Peers, self._add)

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop the trial now.

        Args:
            study: The record of the other trials.
            trial: The trial, with intermediate values of the epochs up to now.
        """
        curve = self._curve(trial, completed=False)
        if curve.epoch <= self.warm_up or _is_spared(trial, curve):
            return False
        peers = self._memory.of(study)
        if self.compares_running:
            peers.running = [
                self._curve(other, completed=False)
                for other in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
                if other.number != trial.number
            ]
        return self.stops(curve, peers)

    def thresholds(self, study: Study, trial: FrozenTrial, ahead: int) -> tuple[float, ...]:
        """What a trial has to have reached at each of the next epochs so as to be spared.

        While no other trial ends, `prune` stops none whose best score reaches the threshold of
        the epoch that it is at; of one that does not reach it, `prune` has to be asked.

        Args:
            study: The record of the other trials.
            trial: The trial, with intermediate values of the epochs up to now, or none.
            ahead: Epochs after the last one.

        Returns:
            Scores, in their own direction, of the epochs that follow. Infinite where any number
            would do, or none.
        """
        curve, peers = self._curve(trial, completed=False), self._memory.of(study)
        sign = 1.0 if self._minimize else -1.0
        if _is_spared(trial, curve):
            return (sign * math.inf,) * ahead
        epochs = range(curve.epoch + 1, curve.epoch + 1 + ahead)
        return tuple(sign * self.spared_at(curve, epoch, peers) for epoch in epochs)

    def spared_at(self, curve: LearningCurve, epoch: int, peers: Peers) -> float:
        """The loss up to which a trial is not stopped at an epoch to come (see `thresholds`)."""
        return math.inf if epoch <= self.warm_up else self.threshold(curve, epoch, peers)

    def stops(self, curve: LearningCurve, peers: Peers) -> bool:
        """Whether to stop a trial at the end of its curve (see `prune`).

        A trial that has not had one finite value by the end of its warm-up is stopped at once.
        """
        if curve.epoch <= self.warm_up:
            return False
        return math.isinf(curve.best[-1]) or self.is_behind(curve, peers)

    @abstractmethod
    def is_behind(self, curve: LearningCurve, peers: Peers) -> bool:
        """Whether the trial, past its warm-up and with a finite value, is not worth going on.

        Args:
            curve: The trial's.
            peers: Those of the other trials: completed, pruned and running.
        """

    def threshold(self, curve: LearningCurve, epoch: int, peers: Peers) -> float:
        """The loss up to which `is_behind` is false of a trial at an epoch to come.

        Args:
            curve: The trial's up to now; its best loss may become less, never more.
            epoch: A later epoch, past the warm-up.
            peers: The other trials; those that run may go on.

        Returns:
            A loss; minus infinity where it cannot be told ahead.
        """
        return -math.inf

    def _add(self, peers: Peers, trial: FrozenTrial) -> None:
        # What finished folds has come to its own end on the first one, whose epochs these are.
        completed = trial.state == TrialState.COMPLETE or finished_folds(trial.user_attrs) > 0
        peers.add(self._curve(trial, completed=completed))

    def _curve(self, trial: FrozenTrial, *, completed: bool) -> LearningCurve:
        return learning_curve(
            trial.number, trial.intermediate_values, minimize=self._minimize, completed=completed
        )


def _is_spared(trial: FrozenTrial, curve: LearningCurve) -> bool:
    """Whether a trial was given beforehand and has not diverged."""
    return bool(fixed_values(trial)) and not (curve.best and math.isinf(curve.best[-1]))
