"""Mean and standard deviation of scores, which may be any floats: large, infinite or none.

Python's own raise where a sum is beyond the largest float, or where infinities of both signs meet.
Scores are numbers that a run's author has written, or that a model which diverged has come to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev


def mean_of(values: Iterable[float]) -> float:
    """The arithmetic mean; NaN of infinities of both signs.

    Args:
        values: One number or more.

    Raises:
        statistics.StatisticsError: There is none.
    """
    known = list(values)
    try:
        return fmean(known)
    except OverflowError:
        return math.fsum(value / len(known) for value in known)
    except ValueError:
        if known:  # fsum's, of infinities of both signs
            return math.nan
        raise


def deviation_of(values: Sequence[float]) -> float:
    """The standard deviation of a sample (n - 1); NaN where a number is not finite.

    Args:
        values: Two numbers or more.

    Returns:
        It; infinity where it is beyond the largest float.

    Raises:
        statistics.StatisticsError: There are fewer than two.
    """
    if not all(map(math.isfinite, values)):
        return math.nan
    try:
        return stdev(values)
    except OverflowError:
        largest = max(map(abs, values))
        return stdev([value / largest for value in values]) * largest


def mean_metrics(metrics: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each metric over several results.

    Args:
        metrics: The metrics of each, by name; what not all have, as results of two versions may,
            has no mean.
    """
    known = [name for name in metrics[0] if all(name in one for one in metrics)]
    return {name: mean_of(one[name] for one in metrics) for name in known}
