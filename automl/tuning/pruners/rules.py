"""The rules by which pruners stop trials: median, patient and asha."""

from __future__ import annotations

from math import inf

from automl.tuning.pruners.base import CurvePruner
from automl.tuning.pruners.learning_curve import LearningCurve
from automl.tuning.pruners.peers import Peers

#: Completed trials without which no median says anything.
START_UP = 5


class MedianPruner(CurvePruner):
    """Stops a trial that is worse than the median of the others at the same epoch.

    After Golovin et al. 2017 (Google Vizier), section 3.2.2, as Optuna has it: the trial's best
    against the others' at that epoch.

    Args:
        direction: ``"minimize"`` or ``"maximize"``.
        warm_up: Epochs in which no trial is stopped.
    """

    compares_running = False

    def is_behind(self, curve: LearningCurve, peers: Peers) -> bool:
        """Whether it is worse than the median of the completed ones at this epoch."""
        return curve.best[-1] > self.threshold(curve, curve.epoch, peers)

    def threshold(self, curve: LearningCurve, epoch: int, peers: Peers) -> float:
        """The median, once enough trials are completed."""
        rivals = peers.completed(epoch)
        return rivals.median() if len(rivals) >= START_UP else inf


class PatientPruner(CurvePruner):
    """Stops what another pruner would stop, but only once it has ceased to improve.

    Args:
        inner: The pruner that is asked.
        patience: Epochs without an improvement before it is asked.
    """

    compares_running = False

    def __init__(self, inner: MedianPruner, *, direction: str, patience: int) -> None:
        super().__init__(direction=direction, warm_up=max(inner.warm_up, patience))
        self._inner = inner
        self._patience = patience

    def is_behind(self, curve: LearningCurve, peers: Peers) -> bool:
        """Whether it has ceased to improve and the other pruner would stop it."""
        stale = curve.best[-1] >= curve.best[-1 - self._patience]
        return stale and self._inner.stops(curve, peers)

    def threshold(self, curve: LearningCurve, epoch: int, peers: Peers) -> float:
        """The other pruner's; any while it has improved within its patience."""
        best = curve.best
        improved = epoch - self._patience <= curve.epoch and (
            best[-1] < (best[epoch - self._patience - 1])
        )
        return inf if improved else self._inner.spared_at(curve, epoch, peers)


class AshaPruner(CurvePruner):
    """Asynchronous successive halving: at each rung, only the best 1/eta of trials go on.

    Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", in the form that
    stops trials where they are (no pausing): a trial is compared with all that have reached the
    rung so far. Rungs are at ``first``, ``first * eta``, ``first * eta**2``, ... epochs.

    Args:
        direction: ``"minimize"`` or ``"maximize"``.
        epochs: Most epochs of a trial.
        first: Epoch of the first rung, at least 1; no trial is stopped before it.
        eta: Reduction factor, at least 2.

    Attributes:
        rungs: The epochs of the rungs.
        start_up: Trials, this one included, that must have reached a rung before any is stopped.
    """

    def __init__(self, *, direction: str, epochs: int, first: int, eta: int) -> None:
        super().__init__(direction=direction, warm_up=first - 1)
        self._eta = self.start_up = eta
        # A rung at the last epoch would have nothing left to save.
        self.rungs = tuple(rungs(first, eta, epochs))

    def is_behind(self, curve: LearningCurve, peers: Peers) -> bool:
        """Whether it has just reached a rung and is not among the best 1/eta there."""
        if curve.epoch not in self.rungs:
            return False
        rivals = peers.rivals(curve)
        reached = len(rivals) + 1
        if reached < self.start_up:
            return False
        return rivals.better_than(curve.best[-1]) >= max(1, reached // self._eta)

    def threshold(self, curve: LearningCurve, epoch: int, peers: Peers) -> float:
        """Any between two rungs; at a rung the trials that run count, which are not known yet."""
        return -inf if epoch in self.rungs else inf


def rungs(first: int, eta: int, epochs: int) -> list[int]:
    """``first``, ``first * eta``, ``first * eta**2``, ... below the last epoch."""
    found = []
    while first < epochs:
        found.append(first)
        first *= eta
    return found
