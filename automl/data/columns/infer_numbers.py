"""Finding how a column's numbers are written, from its texts in the training rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl.data.columns.number_format import Negative, NumberFormat, Written, take_apart

if TYPE_CHECKING:
    import pandas as pd

# Decimal mark, mark between thousands, groups of two digits; of those that read equally many
# values the first is taken, so that a column of 1.234 is as programs write it and one of 1,234
# has thousands.
MARKS = (
    (".", "", False), (".", ",", False), (",", "", False), (",", ".", False), (".", "'", False),
    (",", "'", False), (".", " ", False), (",", " ", False), (".", "_", False), (".", ",", True),
)  # fmt: skip
# Texts by which formats are compared, and by which a column of words is told at once.
MOST_COMPARED, FIRST_LOOK = 5_000, 50
# Letters by which a plural is longer, as "Personen" is.
LONGEST_ENDING = 3
# Up to this share of values that are written in another way, the column is said to be of numbers.
MOST_UNLIKE = 0.8


@dataclass(frozen=True)
class NumberGuess:
    """How a column's numbers seem to be written.

    Attributes:
        format: The format that reads most values.
        example: The text that shows it best.
        other: A format with the other decimal mark that reads as many values, or None where a
            value shows the decimal mark.
        is_ambiguous: Whether that format reads them as other numbers.
    """

    format: NumberFormat
    example: str
    other: NumberFormat | None = None
    is_ambiguous: bool = False


def infer_number_format(texts: pd.Series, decimal: str | None = None) -> NumberGuess | None:
    """Finds the format that reads most of a column's texts.

    Args:
        texts: Texts, none of them missing.
        decimal: The decimal mark, where it is known.

    Returns:
        None where most of them are no numbers in any format.
    """
    texts = texts.iloc[np.unique(np.linspace(0, len(texts) - 1, MOST_COMPARED).astype(int))]
    counts = texts.value_counts(sort=False)
    different = [str(text) for text in counts.index]
    look = different[:FIRST_LOOK]
    if sum(take_apart(text) is not None for text in look) < 0.5 * len(look):
        return None
    rows = dict(zip(different, counts.to_numpy().tolist(), strict=True))
    parts = {text: take_apart(text) for text in different}
    written = {text: part for text, part in parts.items() if part is not None}
    if not written:
        return None
    scored = [
        (_unread(f, written, rows), f) for f in _formats(list(written.items()), rows, decimal)
    ]
    least = min(score for score, _ in scored)
    best = [found for score, found in scored if score == least]
    first = best[0]
    other = next((f for f in best if f.decimal != first.decimal), None)
    ambiguous = other is not None and _differ(first, other, written)
    return NumberGuess(first, _example(first, written), other, ambiguous)


def _formats(
    written: Sequence[tuple[str, Written]], rows: Mapping[str, int], decimal: str | None
) -> list[NumberFormat]:
    marks = {c for _, part in written for c in part.body if c in ".,'_ "}
    styles = Counter[Negative]()
    units = Counter[str]()
    for text, part in written:
        styles[part.negative] += rows[text]
        units[part.unit] += rows[text]
    del styles[Negative.LEADING]
    negative = styles.most_common(1)[0][0] if styles else Negative.LEADING
    del units[""]
    return [
        NumberFormat(point, grouping, indian, spelled, negative.value)
        for spelled in dict.fromkeys([(), _spellings(units, _beside_one(written))])
        for point, grouping, indian in MARKS
        if (not grouping or grouping in marks) and decimal in (None, point)
    ]


def _spellings(units: Counter[str], singulars: Collection[str]) -> tuple[str, ...]:
    """The commonest unit, and its plural or singular where that is there too."""
    if not units:
        return ()
    unit = units.most_common(1)[0][0]
    both = dict.fromkeys((unit, unit + "s", unit.removesuffix("s")))
    # One letter has no plural: ms are milliseconds, m metres or minutes.
    found = [u for u in both if u in units and (u == unit or min(len(u), len(unit)) > 1)]
    endings = (one for one in singulars if _is_plural(unit, one))
    return tuple(dict.fromkeys([*found, *endings]))[:2]


def _beside_one(written: Sequence[tuple[str, Written]]) -> set[str]:
    """Units that stand beside 1 alone, as "Jahr" does where there are "2 Jahre"."""
    others = {part.unit for _, part in written if part.body != "1"}
    return {part.unit for _, part in written} - others - {""}


def _is_plural(unit: str, one: str) -> bool:
    return 2 < len(one) < len(unit) <= len(one) + LONGEST_ENDING and unit.startswith(one)


def _unread(found: NumberFormat, written: Mapping[str, Written], rows: Mapping[str, int]) -> int:
    return sum(rows[t] for t, part in written.items() if np.isnan(found.value(part)))


def _differ(found: NumberFormat, other: NumberFormat, written: Mapping[str, Written]) -> bool:
    return any(
        not np.array_equal(found.value(p), other.value(p), equal_nan=True) for p in written.values()
    )


def _example(found: NumberFormat, written: Mapping[str, Written]) -> str:
    """A text that shows as much of the format as one can: the longest with its unit and marks."""
    read = [text for text, part in written.items() if not np.isnan(found.value(part))]
    marks = f"{found.decimal}{found.grouping}"
    return max(
        read or list(written),
        key=lambda t: (sum(c in t for c in marks), bool(written[t].unit), len(t)),
    )


def mixed_numbers(present: pd.Series) -> str:
    """Says of numbers that are written in several ways what is in the way, or "" if they are not.

    Args:
        present: Texts, none of them missing.
    """
    look = present.head(MOST_COMPARED)
    found = [infer_number_format(look, mark) for mark in (".", ",")]
    formats = [guess.format for guess in found if guess is not None]
    if formats:
        best = min(formats, key=lambda number_format: np.isnan(number_format.read(look)).sum())
        unread = np.isnan(best.read(present))
        # As with euros and dollars, of which one is read in any case; of phone numbers none is.
        if unread.mean() < MOST_UNLIKE:
            rest, most = present[unread], present[~unread]
            return (
                f"{len(rest):,} of its {len(present):,} values, such as {str(rest.iloc[0])!r}, are "
                f"not written as numbers like {str(most.iloc[0])!r} are, so none is read as a "
                "number; write all of them one way, or leave these empty"
            )
    return ""
