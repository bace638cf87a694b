"""The base of the pruners that compare a trial's learning curve with those of the others."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING

from optuna.pruners import BasePruner
from optuna.trial import TrialState

from automl.tuning.memory import StudyMemory
from automl.tuning.pruners.curves import Curve, make_curve
from automl.tuning.pruners.peers import Peers

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial


class CurvePruner(BasePruner):
    """A pruner that decides from the trial's curve and those of the other trials.

    A decision is a pure function of the record: nothing is written to the study, and the asking
    trial's own past in it (left by an interrupted attempt) is not looked at.

    Args:
        direction: ``"minimize"`` or ``"maximize"``.
        warm_up: Epochs in which no trial is stopped.
    """

    def __init__(self, *, direction: str, warm_up: int) -> None:
        self._minimize = direction == "minimize"
        self.warm_up = warm_up
        self._memory: StudyMemory[Peers] = StudyMemory(lambda: Peers(self.group), self._add)

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop the trial now.

        Args:
            study: The record of the other trials.
            trial: The trial, with intermediate values of the epochs up to now.
        """
        curve = self._curve(trial, completed=False)
        if curve.epoch <= self.warm_up:
            return False
        peers = self._memory.of(study)
        peers.running = [
            self._curve(other, completed=False)
            for other in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if other.number != trial.number
        ]
        return self.stops(curve, peers)

    def stops(self, curve: Curve, peers: Peers) -> bool:
        """Whether to stop a trial at the end of its curve (see `prune`).

        A trial that has not had one finite value by the end of its warm-up is stopped at once.
        """
        if curve.epoch <= self.warm_up:
            return False
        return math.isinf(curve.best[-1]) or self.is_behind(curve, peers)

    @abstractmethod
    def is_behind(self, curve: Curve, peers: Peers) -> bool:
        """Whether the trial, past its warm-up and with a finite value, is not worth going on.

        Args:
            curve: The trial's.
            peers: Those of the other trials: completed, pruned and running.
        """

    def group(self, number: int) -> int:
        """The group of a trial: it is compared with trials of its own only."""
        return 0

    def _add(self, peers: Peers, trial: FrozenTrial) -> None:
        peers.add(self._curve(trial, completed=trial.state == TrialState.COMPLETE))

    def _curve(self, trial: FrozenTrial, *, completed: bool) -> Curve:
        return make_curve(
            trial.number, trial.intermediate_values, minimize=self._minimize, completed=completed
        )
