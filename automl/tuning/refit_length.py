"""How long a refit trains: as long as the best trial did, in proportion to the rows that it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from automl.results.record import TrialRecord
from automl.trial import FixedLength, TrialResult
from automl.vocabulary.schedules import PERFORMANCE

#: The validation losses of a training, by the folder that it is in.
Curves = Callable[[str], Sequence[float]]


@dataclass(frozen=True)
class RefitLength:
    """How long a refit trains.

    Attributes:
        cap: Epochs that its schedule stretches over.
        fixed: Epochs after which it is over, and what its schedule follows.
    """

    cap: int
    fixed: FixedLength


@dataclass(frozen=True)
class _Training:
    """One training of the best configuration: its folder, its result, by how much rows grow."""

    folder: str
    result: TrialResult
    growth: float

    @property
    def epochs(self) -> float:
        return max(1, self.result.best_epoch) * self.growth


def refit_length(
    best: TrialRecord, views: Mapping[str, int], rows: int, cap: int, curves: Curves
) -> RefitLength:
    """Finds how long a refit trains.

    The epochs are those that the best trial took to its best epoch, times by how much there are
    more rows, as in Chollet, Deep Learning with Python, 2nd ed., section 13.1.2 (1.2 times the
    best epoch for a fifth more rows). Of several trainings the median counts, which one that
    stopped early or late does not move (own choice). The schedule stretches alike. One that
    follows the validation loss is told that of the training whose length is nearest, stretched.

    Args:
        best: The best trial.
        views: How many rows trained on each view, by its name; those of a division of a trial's
            own are as many as on the first.
        rows: How many the refit has.
        cap: Epochs that a trial's schedule stretches over.
        curves: Gives the validation losses of a training by its folder.
    """
    first = next(iter(views.values()))
    trainings = [
        _Training(one.name, one.result, rows / views.get(one.view, first))
        for one in (best.scorings if best.is_finalist else ())
    ]
    if not trainings and best.trained is not None:
        trainings = [_Training(str(best.trial), best.trained, rows / first)]
    middle = median(one.epochs for one in trainings)
    epochs = max(1, round(middle))
    longest = max(epochs, round(cap * median(one.growth for one in trainings)))
    if best.config.get("schedule") != PERFORMANCE:
        return RefitLength(longest, FixedLength(epochs))
    nearest = min(trainings, key=lambda one: abs(one.epochs - middle))
    return RefitLength(
        longest, FixedLength(epochs, _stretched(curves(nearest.folder), nearest.growth, epochs))
    )


def _stretched(losses: Sequence[float], growth: float, epochs: int) -> tuple[float, ...]:
    """A curve over more epochs, each of which has the loss of the one that it falls into."""
    last = len(losses)
    places = [min(last, math.ceil(epoch / growth)) for epoch in range(1, epochs + 1)]
    return tuple(losses[place - 1] for place in places) if last else ()
