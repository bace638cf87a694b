"""The probability above which a binary classifier tells its second class, chosen on scored rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from automl.common.forms import left_out
from automl.data.temperature import AnsweredRows
from automl.vocabulary.decisions import THRESHOLD

FloatArray = npt.NDArray[np.float64]
#: How a threshold comes to be.
GIVEN, F1, COSTS, LEAST_COST = "given", "f1", "costs", "least_cost"
_EQUAL = 1e-12


@dataclass(frozen=True)
class DecisionThreshold:
    """A threshold, and how it came to be.

    Attributes:
        value: The second class is told where its probability is above it.
        by: `GIVEN`, `F1`, `COSTS` or `LEAST_COST`.
        costs: What a row costs that is told to be of the second class and is not, and what one
            that is of it and is not told; empty where they were not asked for.
        reached: What was asked for on the rows that it was chosen on (F1, or the mean cost of a
            row), with it.
        at_half: The same with `THRESHOLD`.
        rows: How many rows there were.
    """

    value: float
    by: str
    costs: tuple[float, ...] = left_out(())
    reached: float | None = left_out(None)
    at_half: float | None = left_out(None)
    rows: int = left_out(0)

    def __post_init__(self) -> None:
        """Checks that it is one.

        Raises:
            ValueError: It is no probability.
        """
        if not 0.0 <= self.value <= 1.0:
            raise ValueError(f"a threshold is from 0 to 1, not {self.value}")

    def describe(self) -> str:
        """How it was chosen, in words, and what it does on the rows that it was chosen on."""
        if self.by == F1:
            how, what = "chosen for the best F1", "F1"
        elif self.costs:
            chosen = "chosen for" if self.by == LEAST_COST else "that of"
            how = f"{chosen} the costs {self.costs[0]:g} and {self.costs[1]:g}"
            what = "mean cost of a row"
        else:
            return "as it was asked for"
        if self.reached is None or self.at_half is None:
            return how
        return (
            f"{how}: {what} {self.reached:.4g} on {self.rows:,} validation rows, "
            f"{self.at_half:.4g} with {THRESHOLD:g}"
        )


def f1_threshold(rows: AnsweredRows) -> DecisionThreshold:
    """The threshold with the best F1 of the second class; of equals the one nearest to one half.

    Args:
        rows: Rows of a binary task.
    """
    value = _best(rows, _f1, THRESHOLD)
    return _with_scores(DecisionThreshold(value, F1), rows, _f1)


def threshold_of_costs(false_positive: float, false_negative: float) -> float:
    """What costs least where probabilities are what they say; see `cost_threshold`."""
    return false_positive / (false_positive + false_negative)


def cost_threshold(
    rows: AnsweredRows, false_positive: float, false_negative: float
) -> DecisionThreshold:
    """The threshold of stated costs: C_fp / (C_fp + C_fn), whatever the rows.

    Elkan, The Foundations of Cost-Sensitive Learning, 2001: where probabilities are what they say,
    no other costs less. One that is chosen on the validation rows depends on the few rows next to
    it, and cost no less on test rows (``benchmarks/RESULTS.md``, "Temperatures and thresholds").

    Args:
        rows: Rows of a binary task, on which what it costs is told.
        false_positive: Cost of a row that is told to be of the second class and is not.
        false_negative: Cost of a row that is of the second class and is told not to be.
    """
    costs = (false_positive, false_negative)
    value = threshold_of_costs(*costs)
    return _with_scores(DecisionThreshold(value, COSTS, costs), rows, _cost_of(*costs))


def least_cost_threshold(
    rows: AnsweredRows, false_positive: float, false_negative: float
) -> DecisionThreshold:
    """The threshold that costs least on some rows, of equals the nearest to that of the costs.

    For probabilities that are not what they say: of a model that was trained with weights of
    classes, which move them.

    Args:
        rows: Rows of a binary task.
        false_positive: As of `cost_threshold`.
        false_negative: Likewise.
    """
    costs = (false_positive, false_negative)
    mean_cost = _cost_of(*costs)
    value = _best(rows, lambda told: -mean_cost(told), threshold_of_costs(*costs))
    return _with_scores(DecisionThreshold(value, LEAST_COST, costs), rows, mean_cost)


@dataclass(frozen=True)
class _Told:
    """What thresholds tell: weights of rows, those of each threshold in a place of its own.

    Attributes:
        told: Of the rows that are told to be of the second class.
        hits: Of those of them that are.
        there: Of all that are.
        total: Of all.
    """

    told: FloatArray
    hits: FloatArray
    there: float
    total: float


_Score = Callable[[_Told], FloatArray]


def _f1(given: _Told) -> FloatArray:
    """F1 of the second class; 0 where none is told and none there."""
    both = given.told + given.there
    f1: FloatArray = np.divide(2.0 * given.hits, both, out=np.zeros_like(both), where=both > 0)
    return f1


def _cost_of(false_positive: float, false_negative: float) -> _Score:
    def mean_cost(given: _Told) -> FloatArray:
        wrong, missed = given.told - given.hits, given.there - given.hits
        cost: FloatArray = (false_positive * wrong + false_negative * missed) / given.total
        return cost

    return mean_cost


def _columns(rows: AnsweredRows) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probability, truth and weight of each row, the highest probability first."""
    p = np.asarray(rows.probabilities, np.float64)[:, 0]
    truth = np.asarray(rows.truth, np.float64)[:, 0]
    weight = np.ones(len(p)) if rows.weight is None else np.asarray(rows.weight, np.float64)
    order = np.argsort(-p, kind="stable")
    return p[order], truth[order], weight[order]


def _best(rows: AnsweredRows, score: _Score, usual: float) -> float:
    """Of all thresholds that make a difference, the best.

    They are 1, those halfway between two probabilities, and 0.
    """
    p, truth, weight = _columns(rows)
    last = np.flatnonzero(np.append(p[1:] != p[:-1], True))  # of the rows of each probability
    below = np.append(p[last[1:]], 0.0)
    values = np.concatenate([[1.0], (p[last] + below) / 2.0])
    values[-1] = 0.0
    told = np.concatenate([[0.0], np.cumsum(weight)[last]])
    hits = np.concatenate([[0.0], np.cumsum(weight * truth)[last]])
    if p[-1] <= 0.0:  # no threshold tells these rows
        values, told, hits = values[:-1], told[:-1], hits[:-1]
    scores = score(_Told(told, hits, float((weight * truth).sum()), float(weight.sum())))
    best = np.flatnonzero(scores >= scores.max() - _EQUAL)
    return float(values[best[np.abs(values[best] - usual).argmin()]])


def _with_scores(
    threshold: DecisionThreshold, rows: AnsweredRows, score: _Score
) -> DecisionThreshold:
    p, truth, weight = _columns(rows)
    above = p[None, :] > np.array([[threshold.value], [THRESHOLD]])
    told, hits = above @ weight, above @ (weight * truth)
    found = score(_Told(told, hits, float(weight @ truth), float(weight.sum())))
    return replace(threshold, reached=float(found[0]), at_half=float(found[1]), rows=len(truth))
