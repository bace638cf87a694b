"""Columns: the same value is read the same way whatever dtype it came in."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.columns.column import ColumnSource, Reading, clean, numeric_values, text_values
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import ColumnKind
from automl.data.columns.unread import teller
from automl.data.prepare import prepare
from automl.data.request import DataRequest


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
    assert numeric_values(column, Reading(ColumnSource.BOOLEAN)).tolist() == [1.0, 0.0]


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
    days = numeric_values(column, Reading(ColumnSource.DATE, "ISO8601"))
    np.testing.assert_array_equal(days, [1, 365, np.nan])


def told(column, reading=Reading()):  # noqa: B008
    said = []
    values = numeric_values(column, reading, teller(said.append, "test rows"))
    return values.tolist(), said


def test_a_value_of_another_kind_is_missing_and_told_with_its_row():
    values, said = told(series(["1", "many", None, "more"]))
    np.testing.assert_array_equal(values, [1, np.nan, np.nan, np.nan])
    assert said == [
        "column 'c': 2 of the 3 values in the test rows, such as 'many' in row 2, are no number, "
        "so counted as missing; is it the column 'c' of the training rows?"
    ]
    values, said = told(series([1, 2]), Reading(ColumnSource.DATE, "ISO8601"))
    assert np.isnan(values).all() and "no date" in said[0]
    assert told(series(["1", None]))[1] == []


def test_texts_among_other_values_are_read_by_themselves():
    mixed = series([1.5, "2.5", None, "x", 3], object)
    values, said = told(mixed)
    np.testing.assert_array_equal(values, [1.5, 2.5, np.nan, np.nan, 3])
    assert "'x' in row 4" in said[0]


def test_known_strays_are_missing_and_others_are_not():
    values = numeric_values(series(["1", "unknown"]), Reading(strays=("unknown",)))
    np.testing.assert_array_equal(values, [1, np.nan])
    values, said = told(series(["1", "unknown", "other"]), Reading(strays=("unknown",)))
    np.testing.assert_array_equal(values, [1, np.nan, np.nan])
    assert len(said) == 1 and "1 of the 2 values" in said[0] and "'other' in row 3" in said[0]


@given(st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans())))
def test_anything_can_be_cleaned_and_cleaning_again_changes_nothing(values):
    column = series(values, object)
    once = clean(column)
    twice = clean(once)
    pd.testing.assert_series_equal(once, twice)
    assert len(text_values(column)) == len(values)
    assert all(isinstance(text, str) for text in text_values(column))


def test_whole_numbers_beyond_all_floats_are_infinite_as_their_texts_are():
    found = clean(series([10**400, -(10**400), 3, None], object)).to_numpy()
    np.testing.assert_array_equal(found, [np.inf, -np.inf, 3.0, np.nan])


@pytest.mark.parametrize("hours", [[26.5, 1.25, -1.0, 0.0], [48.0, 24.0, -24.0, 0.0]])
def test_durations_are_hours_in_whatever_type_they_come(hours, tmp_path):
    gone = pd.Series([*pd.to_timedelta(hours, unit="h"), pd.NaT], name="c", dtype="timedelta64[us]")
    gone.to_csv(tmp_path / "t.csv", index=False)
    read = pd.read_csv(tmp_path / "t.csv", skip_blank_lines=False)["c"]
    objects = gone.astype(object).where(gone.notna(), None)
    for column in (gone, gone.astype("duration[us][pyarrow]"), objects, read):
        if column is read and hours[0] == 48.0:
            continue  # pandas writes nothing but whole days as "2 days"
        found = infer_column(clean(column), lambda _: None)
        assert found.kind is ColumnKind.TIME
        np.testing.assert_allclose(numeric_values(column, found.reading), [*hours, np.nan])
        np.testing.assert_allclose(numeric_values(gone, found.reading), [*hours, np.nan])


KINDS = {
    "numbers": [0.5, 1.5] * 50,
    "flags": [True, False] * 50,
    "flags with gaps": pd.array([True, False, None, True] * 25, dtype="boolean"),
    "days": pd.date_range("2020-01-01", periods=100),
    "days elsewhere": pd.date_range("2020-01-01", periods=100, tz="Asia/Tokyo"),
    "day objects": [dt.date(2020, 1, 1) + dt.timedelta(days=i) for i in range(100)],
    "durations": pd.to_timedelta(np.arange(100), unit="h"),
    "words": ["red", "blue"] * 50,
    "prices": [f"€ {i},50" for i in range(100)],
    "nothing": [None] * 100,
    "mixed": [1, "a", 2.5, None] * 25,
}


@pytest.mark.parametrize("train", KINDS)
def test_test_rows_of_any_type_are_read_or_named(train):
    rng = np.random.default_rng(0)

    def frame(kind):
        return pd.DataFrame({"x": rng.normal(size=100), "c": KINDS[kind], "y": ["p", "q"] * 50})

    for test in KINDS:
        data = prepare(DataRequest(frame(train), "y", test=frame(test), cv="none"))
        assert len(data.test) == 100


def test_true_and_false_are_numbers_where_training_had_numbers():
    for dtype in (object, "boolean", "bool[pyarrow]"):
        flags = pd.Series([True, False, True], dtype=dtype)
        np.testing.assert_array_equal(numeric_values(flags), [1.0, 0.0, 1.0])
    for dtype in (object, "boolean", "bool[pyarrow]"):
        flags = pd.Series([True, None, False], dtype=dtype)
        np.testing.assert_array_equal(numeric_values(flags), [1.0, np.nan, 0.0])
