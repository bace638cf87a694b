"""The trials of a run that are over, in order: the best, and those whose models may matter."""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter

from automl.trial import TrialResult, TrialState
from automl.tuning.race_time import RIVALS
from automl.vocabulary.directions import sign_of


class Ranking:
    """Completed trials by score, kept in order as they come.

    A driver asks at every event, so nothing here looks at all trials again.

    Args:
        direction: ``minimize`` or ``maximize``.
        keep_models: How many of the best trials keep their model.

    Attributes:
        counts: How many trials ended in which state.
        has_epochs: Whether a completed trial has finished an epoch.
        leader: The result of the best trial, or None.
    """

    def __init__(self, direction: str, keep_models: int) -> None:
        self._sign = sign_of(direction)
        self._keep = keep_models
        self._ranked: list[tuple[float, int]] = []
        self._seconds: dict[int, float] = {}
        self.counts: Counter[TrialState] = Counter()
        self.has_epochs = False
        self.leader: TrialResult | None = None

    def add(self, number: int, result: TrialResult) -> None:
        """Takes a trial that is over."""
        self.counts[result.state] += 1
        if result.state is TrialState.COMPLETED and result.score is not None:
            insort(self._ranked, (self._sign * result.score, number))
            self._seconds[number] = result.seconds
            self.has_epochs = self.has_epochs or result.epochs > 0
            if self._ranked[0][1] == number:
                self.leader = result

    def best(self, count: int) -> list[tuple[int, float]]:
        """Number and score of the best trials, the earlier of equals first."""
        return [(number, self._sign * loss) for loss, number in self._ranked[:count]]

    def rivals(self) -> list[float]:
        """Seconds that the next best trials took, as many as `RIVALS`, the best of them first."""
        return [self._seconds[number] for _, number in self._ranked[1 : 1 + RIVALS]]

    def kept(self) -> list[int]:
        """The trials that keep their model, the best first."""
        return [number for _, number in self._ranked[: self._keep]]

    def narrow(self, keep_models: int) -> None:
        """Lets fewer trials keep their model from now on."""
        self._keep = max(1, min(self._keep, keep_models))

    def leads(self, number: int, score: float) -> bool:
        """Whether a trial that is not among these yet would be the best of them."""
        return not self._ranked or (self._sign * score, number) < self._ranked[0]

    def keep_threshold(self, number: int) -> float | None:
        """The score that a trial must beat to be among those that keep their model.

        Of equals the earlier trial stands first. So where the last that keeps its model is a later
        one, as it may be when an interrupted trial runs again, its own score has to do.

        Args:
            number: The trial.

        Returns:
            A score that is not enough, or None where any is.
        """
        if len(self._ranked) < self._keep:
            return None
        loss, last = self._ranked[self._keep - 1]
        return self._sign * (math.nextafter(loss, math.inf) if number < last else loss)

    def without_model(self, ended: int) -> set[int]:
        """Trials whose models matter no more, now that one has ended.

        Args:
            ended: The trial that was added last.

        Returns:
            The trial that it has pushed out of the best, or itself.
        """
        kept = {number for _, number in self._ranked[: self._keep]}
        out = {number for _, number in self._ranked[self._keep : self._keep + 1]}
        return out if ended in kept else out | {ended}
