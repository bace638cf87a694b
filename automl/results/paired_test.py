"""Whether the scorings of two finalists tell them apart: a paired test."""

from __future__ import annotations

import math
from collections.abc import Sequence

from automl.common.averages import deviation_of, mean_of
from automl.results.scorings import FinalistScoring, whole_rounds

#: Scorings of both before two finalists may be told apart (F-race has five: Birattari et al. 2002),
#: and the level of the interval.
LEAST_PAIRS = 3
LEVEL = 0.95


def told_apart(first: Sequence[FinalistScoring], other: Sequence[FinalistScoring]) -> bool:
    """Whether the scorings of two finalists tell them apart; see `is_apart`.

    Args:
        first: Scorings of one of them.
        other: Scorings of the other.
    """
    scores = {(one.number, one.view): one.score for one in whole_rounds(first)}
    pairs = [
        (one.score, scores.get((one.number, one.view)), one.views) for one in whole_rounds(other)
    ]
    known = [(a - b, views) for a, b, views in pairs if a is not None and b is not None]
    return bool(known) and is_apart([difference for difference, _ in known], known[0][1])


def is_apart(differences: Sequence[float], views: int) -> bool:
    """Whether paired differences have a mean that is not 0 (Student's t, 95 %).

    Scores of folds share training rows, so their variance is corrected as by Nadeau and Bengio
    (2003, Machine Learning 52): 1/n + 1/(k - 1) in place of 1/n for k folds.

    Args:
        differences: Of two finalists, one for each training of both.
        views: On how many views each was trained in a round.

    Returns:
        False for fewer than three.
    """
    count = len(differences)
    if count < LEAST_PAIRS:
        return False
    share = 1.0 / count + (1.0 / (views - 1) if views > 1 else 0.0)
    error = deviation_of(differences) * math.sqrt(share)
    return abs(mean_of(differences)) > quantile(count - 1) * error


def quantile(freedom: int) -> float:
    """The quantile of Student's t that leaves 2.5 % above it.

    Args:
        freedom: Degrees of freedom, from 1.
    """
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + LEVEL / 2))
