"""Between hyperparameters and the unit interval, for samplers that work on numbers in [0, 1]."""

from __future__ import annotations

import math
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)


def from_unit(distribution: BaseDistribution, share: float) -> Any:
    """The value at a share of the way through a distribution.

    Uniform shares give the distribution's own draws: options and steps have equal parts of the
    interval, a logarithmic range is uniform in the logarithm.

    Args:
        distribution: Of one hyperparameter.
        share: In [0, 1]; what lies outside is taken as the nearer end.
    """
    share = min(max(share, 0.0), 1.0)
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[_part(share, len(distribution.choices))]
    if not isinstance(distribution, FloatDistribution | IntDistribution):
        raise TypeError(f"{type(distribution).__name__} has no values between its ends.")
    low, high = distribution.low, distribution.high
    if distribution.log:
        first, last = _log_ends(distribution)
        drawn = math.exp(first + share * (last - first))
        if isinstance(distribution, IntDistribution):
            drawn = round(drawn)
        return min(max(drawn, low), high)
    if distribution.step is None:
        return min(max(low + share * (high - low), low), high)
    # Adding steps of a float may end a hair's breadth above the last one.
    return min(low + distribution.step * _part(share, _steps(distribution)), high)


def to_unit(distribution: FloatDistribution | IntDistribution, value: float) -> float:
    """The share of the way at which a number lies: the middle of its part where there are steps.

    Args:
        distribution: Of one hyperparameter, with more than one value.
        value: In its range.
    """
    if distribution.log:
        first, last = _log_ends(distribution)
        return (math.log(value) - first) / (last - first)
    if distribution.step is None:
        return (value - distribution.low) / (distribution.high - distribution.low)
    index = round((value - distribution.low) / distribution.step)
    return (index + 0.5) / _steps(distribution)


def _part(share: float, parts: int) -> int:
    return min(int(share * parts), parts - 1)


def _steps(distribution: FloatDistribution | IntDistribution) -> int:
    assert distribution.step is not None
    return round((distribution.high - distribution.low) / distribution.step) + 1


def _log_ends(distribution: FloatDistribution | IntDistribution) -> tuple[float, float]:
    # Half a unit on either side gives the two ends of integers their full share.
    margin = 0.5 if isinstance(distribution, IntDistribution) else 0.0
    return math.log(distribution.low - margin), math.log(distribution.high + margin)
