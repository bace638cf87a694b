"""Whether whole numbers in a target number classes, or count and measure something."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Own choice: whole numbers with at most this many different values can be classes.
MOST_NUMBERED_CLASSES = 20
# Of more than two: see `why_measured`.
FEW_CLASSES, LEAST_CLASS_ROWS, RARE_SHARE = 5, 5, 0.1


def why_measured(values: npt.NDArray[np.float64]) -> str | None:
    """Why whole numbers are a measure, a count or a rating rather than class numbers, or None.

    Two values are classes. More are a measure where there are more than 20 of them, and where
    one is so rare that it could not be learnt as a class: below 5 rows, which scikit-learn's
    stratified splits warn of, and below a tenth of an equal share. More than 5 are a measure also
    where their frequencies rise to a peak in the middle and fall to a tenth of it, as those of
    counts and ratings do, where there are fewer than 5 rows a value, where less than half of the
    whole numbers between occur (0, 10, ..., 100), and where they are not counted from 0 or 1, as
    classes are. AutoGluon decides by the number of values and their share of the rows.

    Args:
        values: Whole numbers, float64 (n,).
    """
    unique, counts = np.unique(values, return_counts=True)
    number, rarest = len(unique), int(counts.min())
    if number <= 2:
        return None
    if number > MOST_NUMBERED_CLASSES:
        return f"with {number:,} different values"
    if rarest < LEAST_CLASS_ROWS and rarest < RARE_SHARE * len(values) / number:
        rare = unique[counts.argmin()]
        return f"of which {rare:.0f} is in {rarest} of {len(values):,} rows, too few for a class"
    if number <= FEW_CLASSES:
        return None
    if len(values) < LEAST_CLASS_ROWS * number:
        return f"with {number} different values in only {len(values)} rows"
    if _peaks(counts):
        return "that are frequent in the middle and rare at the ends, as counts and ratings are"
    span = f"from {unique[0]:.0f} to {unique[-1]:.0f}"
    if number < 0.5 * (unique[-1] - unique[0] + 1):
        return f"{span} with gaps, {number} different ones"
    return None if unique[0] in (0, 1) else f"{span}, not counted from 0 or 1 as classes are"


def _peaks(counts: npt.NDArray[np.int64]) -> bool:
    """Whether frequencies rise to a peak between the ends and fall, but for chance."""
    peak = int(counts.argmax())
    if peak in (0, len(counts) - 1) or counts.min() >= RARE_SHARE * counts.max():
        return False
    steps = np.diff(counts)
    noise = 2 * np.sqrt(counts[1:] + counts[:-1])
    return bool((steps[:peak] > -noise[:peak]).all() and (steps[peak:] < noise[peak:]).all())
