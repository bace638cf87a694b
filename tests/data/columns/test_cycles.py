"""Which places in the year, the week and the day a column's training rows can tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.columns.column import ColumnSource, clean
from automl.data.columns.cycles import Cycle, describe, held_cycles, waves
from automl.data.columns.infer import infer_schema
from automl.data.kinds.table.fit import fit_features

DATES = [
    ("1h", 30, ""),  # a day and a half
    ("1h", 60, "day"),
    ("1h", 400, "week day"),
    ("12h", 40, "week day"),
    ("24h", 12, ""),
    ("1D", 20, "week"),
    ("1D", 500, "week"),
    ("1D", 700, "year week"),
    ("3D", 30, "week"),
    ("7D", 20, ""),
    ("7D", 150, "year"),
    ("13D", 50, "year"),
    ("MS", 17, ""),
    ("MS", 30, "year"),  # firsts of the month: on all weekdays, which tells nothing
    ("ME", 30, "year"),
    ("QS", 16, "year"),
    ("YS", 40, ""),  # leap years move 1 January by a day
    ("B", 20, "week"),
    ("1D", 9, ""),
]


@pytest.mark.parametrize(("step", "rows", "expected"), DATES)
@pytest.mark.parametrize("start", ["2024-01-01", "1961-03-01"])
def test_dates_have_the_cycles_that_their_span_holds(step, rows, expected, start):
    moments = pd.date_range(start, periods=rows, freq=step)
    when = pd.Series(np.random.default_rng(0).permutation(moments), name="when")
    frame = pd.DataFrame({"when": clean(when.astype(str))})
    said = []
    schema = infer_schema(frame, (), said.append)
    (feature,) = fit_features(frame, schema, (), said.append)
    assert feature.source is ColumnSource.DATE
    assert " ".join(feature.cycles) == expected
    note = [text for text in said if "its place in" in text]
    assert len(note) == bool(expected) and all(f"the {c}" in note[0] for c in feature.cycles)
    (bare,) = fit_features(frame, schema, (), said.append, keep_constant=True)
    assert bare.cycles == ()  # its author has counted the columns


@pytest.mark.parametrize(
    ("first", "last", "held"),
    [(0, 23.99, True), (0, 12, True), (9, 17, False), (0, 24, False), (-1, 20, False)],
)
def test_times_of_the_clock_have_their_place_in_the_day(first, last, held):
    hours = np.linspace(first, last, 50)
    assert held_cycles(hours, ColumnSource.TIME) == ((Cycle.DAY,) if held else ())


def test_numbers_have_none():
    days = np.arange(20_000.0, 21_000.0)
    assert held_cycles(days, ColumnSource.NUMBER) == ()
    assert held_cycles(days % 2, ColumnSource.BOOLEAN) == ()


@given(
    st.lists(st.floats(-60_000, 60_000, width=32), min_size=1),
    st.sampled_from(list(Cycle)),
)
def test_places_are_right_in_single_precision(days, cycle):
    """Also before 1970, to what a single-precision number of days can tell of the angle."""
    period = cycle.period(ColumnSource.DATE)
    raw = np.array(days, np.float32)[:, None]
    given = waves(raw, [period])
    assert given.dtype == np.float32 and given.shape == (len(days), 2)
    angle = 2 * np.pi * raw.astype(np.float64) / period
    np.testing.assert_allclose(given, np.hstack([np.sin(angle), np.cos(angle)]), atol=1e-4)


def test_cycles_in_a_sentence():
    assert describe(["year"]) == "the year"
    assert describe(list(Cycle)) == "the year, the week and the day"
