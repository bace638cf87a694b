"""Greedy ensemble selection over stored validation predictions, with a score that is cross-fitted.

Caruana et al. 2004, "Ensemble selection from libraries of models": with replacement, from nothing,
each round takes the member that improves the metric most. The score of members that were selected
on the same rows is too good (arXiv 2506.16791), so each part of the rows is scored by what was
selected on the others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.averages import deviation_of, mean_of
from automl.data.random_parts import random_parts
from automl.vocabulary.directions import sign_of

#: Rounds of the selection; RECIPES section 6 has 25 to 40 (AutoGluon's ensemble_selection.py).
ROUNDS = 25
#: Parts of the rows of one division, for the cross-fitted score (own choice: as many as folds).
PARTS = 5
#: Rows that members are selected on at most (own choice: the standard error of a log loss of 20,000
#: rows is a hundredth of its spread, and a selection takes seconds).
MOST_ROWS = 20_000

Predictions = npt.NDArray[Any]
#: Scores predictions on some rows of a view, by their positions among its validation rows.
Score = Callable[[str, Predictions, npt.NDArray[np.int64]], float]


@dataclass(frozen=True)
class Member:
    """What an ensemble may have: the models of one configuration and seed, one for each view.

    Attributes:
        names: The name of its model by the view that it was trained on.
        predictions: Its predictions on each view's validation rows, (n, outputs).
    """

    names: Mapping[str, str]
    predictions: Mapping[str, Predictions]


@dataclass(frozen=True)
class Part:
    """Rows that are scored together: a fold, or a part of the one division.

    Attributes:
        view: The view that they validate.
        rows: Their positions among its validation rows, int64 (n,).
        ids: Which rows of the data they are, int64 (n,): folds that are repeated share some.
    """

    view: str
    rows: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]

    def shares_rows(self, other: Part) -> bool:
        """Whether the two have a row of the data in common."""
        return self is other or bool(np.isin(self.ids, other.ids).any())


@dataclass(frozen=True)
class Selected:
    """An ensemble.

    Attributes:
        weights: Share of each member, by its place, above 0; they add up to 1.
        score: The cross-fitted score.
        predictions: Cross-fitted predictions on each view's validation rows.
        gain: By how much it is better than the best single member, in the metric's units.
        gain_error: Standard error of that over the parts.
        part_scores: The cross-fitted score of each part.
    """

    weights: Mapping[int, float]
    score: float
    predictions: Mapping[str, Predictions]
    gain: float
    gain_error: float
    part_scores: tuple[float, ...]


def parts_of(ids: Mapping[str, npt.NDArray[np.int64]], seed: int) -> list[Part]:
    """The parts for cross-fitting: the folds, or of one division random parts.

    Args:
        ids: Which rows of the data validate each view, int64 (n,).
        seed: Seed of the random parts.
    """
    if len(ids) > 1:
        return [Part(view, np.arange(len(own)), own) for view, own in ids.items()]
    [(view, own)] = ids.items()
    return [Part(view, part, own[part]) for part in random_parts(len(own), PARTS, seed)]


def greedy(
    members: Sequence[Member], parts: Sequence[Part], score: Score, direction: str, most: int
) -> dict[int, float]:
    """Selects members.

    Args:
        members: Which there are, the best first: of equals the first is taken, one that is in
            before one that is not.
        parts: The rows that are selected on; of one view together they are scored once.
        score: Scores predictions.
        direction: ``minimize`` or ``maximize``.
        most: How many different members at most.

    Returns:
        The share of each member that was taken, by its place.
    """
    sign = sign_of(direction)
    by_view: dict[str, npt.NDArray[np.int64]] = {}
    for part in parts:
        known = by_view.get(part.view)
        by_view[part.view] = part.rows if known is None else np.concatenate([known, part.rows])
    rng = np.random.default_rng(0)  # of many rows some do, for each is scored hundreds of times
    share = MOST_ROWS / sum(map(len, by_view.values()))
    if share < 1.0:
        by_view = {
            view: rng.choice(rows, max(1, int(share * len(rows))), replace=False)
            for view, rows in by_view.items()
        }
    candidates = [
        {
            view: np.asarray(one.predictions[view], np.float64)[rows]
            for view, rows in by_view.items()
        }
        for one in members
    ]
    total = {view: np.zeros_like(values) for view, values in candidates[0].items()}
    taken: list[int] = []
    losses: list[float] = []
    for size in range(1, ROUNDS + 1):
        found = []
        for place, candidate in enumerate(candidates):
            if place not in taken and len(set(taken)) >= most:
                continue
            loss = mean_of(
                sign * score(view, (total[view] + candidate[view]) / size, rows)
                for view, rows in by_view.items()
            )
            found.append((loss if math.isfinite(loss) else math.inf, place not in taken, place))
        loss, _, best = min(found)
        taken.append(best)
        losses.append(loss)
        total = {view: total[view] + candidates[best][view] for view in total}
    end = losses.index(min(losses)) + 1  # the best prefix, the shortest of equals
    counts = Counter(taken[:end])
    return {place: count / end for place, count in counts.items()}


def blended(
    members: Sequence[Member], weights: Mapping[int, float], view: str
) -> npt.NDArray[np.float64]:
    """The weighted mean of members' predictions on a view's validation rows."""
    values = [
        weight * np.asarray(members[place].predictions[view], np.float64)
        for place, weight in weights.items()
    ]
    return np.asarray(np.sum(values, axis=0), np.float64)


def select(
    members: Sequence[Member], parts: Sequence[Part], score: Score, direction: str, most: int
) -> Selected:
    """Selects an ensemble, and scores it on rows that it was not selected on.

    Args:
        members: Which there are, the best first.
        parts: The parts of the rows, two or more.
        score: Scores predictions.
        direction: ``minimize`` or ``maximize``.
        most: How many different members at most.
    """
    sign = sign_of(direction)
    fitted = {
        view: np.zeros(np.shape(values), np.float64)
        for view, values in members[0].predictions.items()
    }
    scores, gains = [], []
    for part in parts:
        others = [one for one in parts if not one.shares_rows(part)]
        weights = greedy(members, others, score, direction, most)
        own = blended(members, weights, part.view)[part.rows]
        fitted[part.view][part.rows] = own
        scores.append(score(part.view, own, part.rows))
        single = np.asarray(members[0].predictions[part.view])[part.rows]
        gains.append(sign * (score(part.view, single, part.rows) - scores[-1]))
    whole = mean_of(score(view, values, np.arange(len(values))) for view, values in fitted.items())
    ids = np.concatenate([part.ids for part in parts])
    gain, error = gain_of(gains, len(ids) / len(np.unique(ids)))
    weights = greedy(members, parts, score, direction, most)
    return Selected(weights, whole, fitted, gain, error, tuple(scores))


def gain_of(gains: Sequence[float], repeats: float = 1.0) -> tuple[float, float]:
    """The mean gain and its standard error; 0 and infinite where too few parts have a score.

    A metric such as the area under a curve is not defined on a part with one class. Parts of folds
    that are repeated have the same rows, so that there are fewer of them than it seems.

    Args:
        gains: By how much something is better on each part.
        repeats: In how many parts a row is.
    """
    known = [gain for gain in gains if math.isfinite(gain)]
    if len(known) < 2:
        return 0.0, math.inf
    return mean_of(known), deviation_of(known) * math.sqrt(repeats / len(known))
