"""Places in the year, the week and the day: what a date tells beside how late it is.

A place is an angle, given as its sine and cosine, so that 31 December lies beside 1 January. It is
computed from the same single-precision number that the feature has (days of a date, hours of a
time of day): around the year 2025 that number is exact to 1/512 day, or three minutes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.data.columns.column import ColumnSource
from automl.errors import DataError

if TYPE_CHECKING:
    from automl.data.numbers import FloatArray

HOURS = 24.0
NO_CYCLES = "none"
# Own choices. What a season is can only be told from how late it is where some of the year came
# twice; a week and a day are short, and whole ones are asked for.
LEAST_PERIODS = {"year": 1.5, "week": 2.0, "day": 2.0}
# Rows that lie a period apart, or nearly (leap years, summer time), have one place in it.
NEAR = 0.9
# Fewer moments than this are told by a line as well.
LEAST_MOMENTS = 10
# Times of day within half a day are told by their hours: none lies near another across midnight.
LEAST_HOURS = 12.0


class Cycle(StrEnum):
    """What comes again."""

    YEAR = "year"
    WEEK = "week"
    DAY = "day"

    def period(self, source: ColumnSource) -> float:
        """How long it is, in the feature's unit: days, or hours of a time of day."""
        if source is ColumnSource.TIME:
            return HOURS
        return {Cycle.YEAR: 365.2425, Cycle.WEEK: 7.0, Cycle.DAY: 1.0}[self]


#: The cycles that a feature may have, by how its values become numbers.
POSSIBLE = {ColumnSource.DATE: tuple(Cycle), ColumnSource.TIME: (Cycle.DAY,)}


def held_cycles(values: npt.NDArray[np.float64], source: ColumnSource) -> tuple[Cycle, ...]:
    """Which cycles training rows have seen enough of to be told by.

    Args:
        values: What the rows hold, none missing: days of dates, hours of times of day.
        source: How they became numbers; anything but dates and times of day has no cycle.
    """
    if source is ColumnSource.TIME:
        of_the_clock = values.min() >= 0.0 and values.max() < HOURS  # durations may be longer
        return (Cycle.DAY,) if of_the_clock and np.ptp(values) >= LEAST_HOURS else ()
    if source is not ColumnSource.DATE:
        return ()
    # Of a year and a week the day counts, not the hour.
    moments = {Cycle.DAY: np.unique(values)}
    moments[Cycle.YEAR] = moments[Cycle.WEEK] = np.unique(np.floor(values))
    return tuple(cycle for cycle in Cycle if _is_held(moments[cycle], cycle))


def _is_held(moments: npt.NDArray[np.float64], cycle: Cycle) -> bool:
    """Whether moments, ascending, span enough of a cycle and show more than one place in it."""
    if len(moments) < LEAST_MOMENTS:
        return False
    period = cycle.period(ColumnSource.DATE)
    spans = (moments[-1] - moments[0]) >= LEAST_PERIODS[cycle] * period
    return bool(spans and np.diff(moments).min() < NEAR * period)


def parse_cycles(given: str) -> tuple[Cycle, ...]:
    """Reads names of cycles with commas between them, or ``none``.

    Raises:
        ValueError: There is no such cycle.
    """
    names = [] if given.strip() == NO_CYCLES else [name.strip() for name in given.split(",")]
    return tuple(cycle for cycle in Cycle if cycle in {Cycle(name) for name in names})


def check_possible(name: str, cycles: Sequence[Cycle], source: ColumnSource) -> None:
    """Checks that values of a kind have a place in the cycles that were asked for.

    Raises:
        DataError: They have not.
    """
    possible = POSSIBLE.get(source, ())
    for cycle in cycles:
        if cycle not in possible:
            known = f"give {' or '.join(possible)}, or " if possible else "give "
            raise DataError(
                f"Column {name!r} holds {source}s, which have no place in the {cycle} that "
                f"--cycles names: {known}{NO_CYCLES}."
            )


def describe(cycles: Sequence[str]) -> str:
    """The cycles for a sentence: ``"the year and the week"``."""
    *first, last = (f"the {cycle}" for cycle in cycles)
    return f"{', '.join(first)} and {last}" if first else last


def turns(periods: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """What `waves` computes with: periods, and radians in a unit; float32 (c,) each."""
    return np.asarray(periods, np.float32), np.asarray(
        [2.0 * math.pi / period for period in periods], np.float32
    )


def waves(filled: FloatArray, periods: Sequence[float]) -> FloatArray:
    """Sines and cosines of places in a period.

    Args:
        filled: The features' numbers, float32 (n, c), none missing.
        periods: The period of each column.

    Returns:
        float32 (n, 2 c): first all sines, then all cosines.
    """
    period, radians = turns(periods)
    angles = np.mod(filled, period) * radians
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
