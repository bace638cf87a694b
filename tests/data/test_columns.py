"""Columns: the same value is read the same way whatever dtype it came in."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.columns import ColumnSource, clean, numeric_values, text_values
from automl.errors import DataError


def series(values, dtype=None):
    return pd.Series(values, dtype=dtype, name="c")


@pytest.mark.parametrize(
    "column",
    [
        series([" 1", "2.0 ", "?", ""]),
        series([1, 2, None, None], "Int64"),
        series([1.0, 2.0, np.nan, np.nan]),
        series([1, "2", None, "NA"]),
        series(["1", "2", None, None], "category"),
    ],
)
def test_numbers_are_read_alike(column):
    np.testing.assert_array_equal(numeric_values(column), [1, 2, np.nan, np.nan])
    assert text_values(column).tolist() == ["1", "2", "", ""]


@pytest.mark.parametrize(
    "column",
    [
        series([True, False]),
        series(["True", "false"]),
        series(["1", "0"]),
        series([1, 0]),
        series([True, False], "boolean"),
        series([True, False], object),
    ],
)
def test_booleans_are_read_alike(column):
    assert numeric_values(column, ColumnSource.BOOLEAN).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "column",
    [
        series(["1970-01-02", "1971-01-01", None]),
        series(pd.to_datetime(["1970-01-02", "1971-01-01", None])),
        series([dt.date(1970, 1, 2), dt.date(1971, 1, 1), None]),
        series(pd.to_datetime(["1970-01-02", "1971-01-01", None]).tz_localize("UTC")),
    ],
)
def test_dates_are_days_since_1970(column):
    days = numeric_values(column, ColumnSource.DATE, "ISO8601")
    np.testing.assert_array_equal(days, [1, 365, np.nan])


def test_a_value_of_another_kind_is_refused_by_name():
    with pytest.raises(DataError, match="'c' holds 'many' where a number was expected"):
        numeric_values(series(["1", "many"]))
    with pytest.raises(DataError, match="where a date was expected"):
        numeric_values(series([1, 2]), ColumnSource.DATE, "ISO8601")


def test_known_strays_are_missing_and_others_are_not():
    values = numeric_values(series(["1", "unknown"]), strays=("unknown",))
    np.testing.assert_array_equal(values, [1, np.nan])
    with pytest.raises(DataError, match="'other'"):
        numeric_values(series(["1", "other"]), strays=("unknown",))


@given(st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans())))
def test_anything_can_be_cleaned_and_cleaning_again_changes_nothing(values):
    column = series(values, object)
    once = clean(column)
    twice = clean(once)
    pd.testing.assert_series_equal(once, twice)
    assert len(text_values(column)) == len(values)
    assert all(isinstance(text, str) for text in text_values(column))
