"""Learning curves as pruners see them, and the base of the pruners that compare them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optuna.pruners import BasePruner
from optuna.trial import TrialState

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Curve:
    """A trial's best loss so far, epoch by epoch.

    The best so far, not the last, because that is what a trial is scored by.

    Attributes:
        number: The trial's number.
        best: Of epochs 1, 2, ...: the least loss up to then; infinite while there was no number.
        completed: Whether training ended by itself, so that the last value stands for later
            epochs too (early stopping restored it).
    """

    number: int
    best: Sequence[float]
    completed: bool

    @property
    def epoch(self) -> int:
        """The last epoch, counted from 1; 0 before the first."""
        return len(self.best)

    def at(self, epoch: int) -> float | None:
        """The best loss up to an epoch, or None where the trial never got there."""
        if epoch <= len(self.best):
            return self.best[epoch - 1]
        return self.best[-1] if self.completed and self.best else None


def make_curve(
    number: int, values: Mapping[int, float], *, minimize: bool, completed: bool
) -> Curve:
    """The curve of recorded values.

    Args:
        number: The trial's number.
        values: The objective by epoch, counted from 1; NaN and infinite ones are worst.
        minimize: Whether less is better.
        completed: Whether training ended by itself.
    """
    best: list[float] = []
    least = math.inf
    for epoch in range(1, max(values, default=0) + 1):
        value = values.get(epoch, math.nan)
        if math.isfinite(value):
            least = min(least, value if minimize else -value)
        best.append(least)
    return Curve(number, best, completed)


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
        # A memo of finished trials' curves, which never change.
        self._finished: dict[tuple[str, int], Curve] = {}

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop the trial now.

        Args:
            study: The record of the other trials.
            trial: The trial, with intermediate values of the epochs up to now.
        """
        curve = self._curve(trial, completed=False)
        if curve.epoch <= self.warm_up:
            return False
        others = study.get_trials(deepcopy=False)
        return self.stops(curve, self._peers(study.study_name, others, trial.number))

    def stops(self, curve: Curve, peers: Sequence[Curve]) -> bool:
        """Whether to stop a trial at the end of its curve (see `prune`).

        A trial that has not had one finite value by the end of its warm-up is stopped at once.
        """
        if curve.epoch <= self.warm_up:
            return False
        return math.isinf(curve.best[-1]) or self.is_behind(curve, peers)

    @abstractmethod
    def is_behind(self, curve: Curve, peers: Sequence[Curve]) -> bool:
        """Whether the trial, past its warm-up and with a finite value, is not worth going on.

        Args:
            curve: The trial's.
            peers: Those of the other trials: completed, pruned and running.
        """

    def _peers(self, study_name: str, trials: Sequence[FrozenTrial], number: int) -> list[Curve]:
        peers = []
        for trial in trials:
            if trial.number == number or trial.state in (TrialState.WAITING, TrialState.FAIL):
                continue
            if trial.state == TrialState.RUNNING:
                peers.append(self._curve(trial, completed=False))
                continue
            key = (study_name, trial.number)
            if key not in self._finished:
                completed = trial.state == TrialState.COMPLETE
                self._finished[key] = self._curve(trial, completed=completed)
            peers.append(self._finished[key])
        return peers

    def _curve(self, trial: FrozenTrial, *, completed: bool) -> Curve:
        return make_curve(
            trial.number, trial.intermediate_values, minimize=self._minimize, completed=completed
        )
