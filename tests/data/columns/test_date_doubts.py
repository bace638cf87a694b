"""Dates that may be none or others: open ends, short years, months in digits, versions, clocks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.columns.column import clean, numeric_values
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import ColumnKind, Conventions
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import DataError, RequestError

DAYS = pd.date_range("2019-01-03", periods=200, freq="5D").astype("datetime64[us]")
EPOCH_DAYS = (DAYS - pd.Timestamp("1970-01-01")).days.to_numpy(np.float64)


def look(values, name="c", conventions=None):
    said: list[str] = []
    column = clean(pd.Series(values, name=name))
    found = infer_column(column, said.append, conventions)
    if found.kind is ColumnKind.CATEGORY:
        return found, np.array([]), found.looks
    return found, numeric_values(column, found.reading), " ".join(said)


END_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%d %H:%M:%S", None, int)


@pytest.mark.parametrize("end", ["9999-12-31", "0001-01-01", "1900-01-01", "2999-12-31"])
@pytest.mark.parametrize("written", END_FORMATS)
def test_an_open_end_counts_as_missing_and_that_is_said(end, written):
    moments = pd.Series(DAYS)
    is_end = np.arange(len(moments)) % 4 == 0
    moments[is_end] = pd.Timestamp(end).as_unit("us")
    texts = moments
    if written is not None:
        form = "%Y%m%d" if written is int else written
        texts = pd.Series([t.strftime(form.replace("%Y", f"{t.year:04}")) for t in moments])
        if form == "%Y%m%d" and end not in ("9999-12-31", "2999-12-31", "1900-01-01"):
            return  # 00010101 is a code
        texts = texts.astype(int) if written is int else texts
    found, values, said = look(texts)
    assert found.kind is ColumnKind.DATE and f"{end} (50 rows) counts as a missing value" in said
    assert np.isnan(values[is_end]).all()
    np.testing.assert_array_equal(values[~is_end], EPOCH_DAYS[~is_end])
    later = numeric_values(pd.Series([texts[0], texts[1]]), found.reading)
    assert np.isnan(later[0]) and later[1] == EPOCH_DAYS[1]


def test_an_open_end_is_kept_where_other_dates_lie_near_or_the_format_is_named():
    births = ["1900-01-01", "1905-02-03", "1931-03-04", "1950-05-06", "1999-03-02"] * 4
    _, values, said = look(births)
    assert not np.isnan(values).any() and "missing" not in said
    texts = ["9999-12-31", *DAYS.strftime("%Y-%m-%d")]
    _, values, said = look(texts, conventions=Conventions(date_formats={"c": "ISO8601"}))
    assert values[0] > 2_900_000 and "missing" not in said


def test_open_ends_go_the_whole_way_to_the_indicator():
    ends = pd.Series(DAYS).where(np.arange(200) % 4 > 0, pd.Timestamp("9999-12-31").as_unit("us"))
    frame = pd.DataFrame({"end": ends, "a": np.random.default_rng(0).normal(size=200)})
    frame["y"] = np.arange(200) * 0.5
    data = prepare(DataRequest(frame, "y"))
    assert data.plan.signature.numeric_names[-1] == "end is missing"
    assert data.train.inputs["numeric"][:, -1].mean() == pytest.approx(0.25, abs=0.1)
    assert data.plan.inputs.numeric_features[0].std < 400


@pytest.mark.parametrize(("true", "rival"), [("%y-%m-%d", "%d-%m-%y"), ("%d/%m/%y", "%y/%m/%d")])
def test_a_short_year_is_told_from_a_day_by_how_it_varies_and_that_is_said(true, rival):
    found, values, said = look(DAYS.strftime(true).tolist())
    assert found.reading.date_format == true
    np.testing.assert_array_equal(values, EPOCH_DAYS)
    assert f"tells it from {rival} (--date-format c={rival} reads that)" in said.replace("'", "")
    few, _, said = look(["20-01-05", "21-03-04", "22-05-06"] * 4)
    assert few.kind is ColumnKind.DATE and "(--date-format c=" in said


@pytest.mark.parametrize("as_text", [True, False])
def test_months_in_six_digits_are_dates_where_that_is_sure(as_text):
    months = [int(t) for t in DAYS.strftime("%Y%m")]
    found, values, said = look([str(m) for m in months] if as_text else months)
    assert found.reading.date_format == "%Y%m" and "--numeric c" in said
    np.testing.assert_array_equal(values, EPOCH_DAYS - DAYS.day + 1)
    one_year = [202001, 202002, 202003, 202004, 202005, 202012]
    values = [str(m) for m in one_year] if as_text else one_year
    assert look(values, "price")[0].kind is ColumnKind.NUMBER
    for name in ("period", "yearMonth", "sales_month", "YYYYMM"):
        assert look(values, name)[0].kind is ColumnKind.DATE
    values = [*one_year, 202013]
    assert look(values, "period")[0].kind is ColumnKind.NUMBER


def test_times_with_a_dot_are_times_only_where_the_name_says_so():
    rng = np.random.default_rng(0)
    hours, minutes = rng.integers(0, 24, 60), rng.integers(0, 60, 60)
    texts = [f"{h}.{m:02}" for h, m in zip(hours, minutes, strict=True)]
    found, values, said = look(texts, "departure_time")
    assert found.kind is ColumnKind.TIME and "--numeric departure_time" in said
    np.testing.assert_allclose(values, hours + minutes / 60)
    for name, more in (("price", []), ("price", ["n/k 1"]), ("start_time", ["14.75"])):
        assert look(texts + more, name)[0].kind is ColumnKind.NUMBER


def test_versions_are_dates_only_where_no_name_speaks_against_it():
    rng = np.random.default_rng(0)
    texts = [f"{rng.integers(1, 30)}.{rng.integers(1, 12)}.{rng.integers(10, 30)}" for _ in DAYS]
    for name in ("version", "fw_version", "os build"):
        found, _, said = look(texts, name)
        assert found.kind is ColumnKind.CATEGORY and "look like" in said
    found, _, said = look(texts, "c")
    assert found.kind is ColumnKind.DATE and "--categorical c" in said
    padded = DAYS.strftime("%d.%m.%y").tolist()
    assert "--categorical" not in look(padded)[2]


def table(**columns):
    rng = np.random.default_rng(1)
    return pd.DataFrame({"a": rng.normal(size=200), **columns, "y": rng.normal(size=200)})


def test_numeric_takes_what_looks_like_something_else_as_numbers():
    months = [int(t) for t in DAYS.strftime("%Y%m")]
    codes = [f"{i % 90:03}" for i in range(200)]
    mixed = ["many" if i % 3 == 0 else f"{i},5" for i in range(200)]
    frame = table(month=months, code=codes, mixed=mixed)
    data = prepare(DataRequest(frame, "y", numeric=("month", "code", "mixed")))
    sources = [(f.name, str(f.source)) for f in data.plan.inputs.numeric_features]
    assert sources == [(name, "number") for name in ("a", "month", "code", "mixed")]
    notes = " ".join(data.notes)
    assert "column 'mixed' is taken as numbers" in notes and "such as 'many', are none" in notes
    with pytest.raises(DataError, match="no number, which --numeric asks for"):
        prepare(DataRequest(table(w=["x", "y"] * 100), "y", numeric="w"))
    for options, message in (
        ({"numeric": "y"}, "--task regression"),
        ({"numeric": "a", "categorical": "a"}, "both --numeric and --categorical"),
    ):
        with pytest.raises(DataError, match=message):
            prepare(DataRequest(frame, "y", **options))


def test_cycles_can_be_asked_for_and_left_out():
    frame = table(t=DAYS)

    def cycles(**options):
        data = prepare(DataRequest(frame, "y", **options))
        return [str(c) for _, c in data.plan.inputs.cycles], " ".join(data.notes)

    found, notes = cycles()
    assert found == ["year", "week"] and "(--cycles t=none leaves it out)" in notes
    assert cycles(cycles={"t": "none"})[0] == []
    found, notes = cycles(cycles={"t": "day, year"})
    assert found == ["year", "day"] and "leaves it out" not in notes
    with pytest.raises(DataError, match="'a' holds numbers, which have no place in the year"):
        cycles(cycles={"a": "year"})
    with pytest.raises(DataError, match="no date column 'when'"):
        cycles(cycles={"when": "year"})
    with pytest.raises(RequestError, match="give some of year, week, day"):
        DataRequest(frame, "y", cycles={"t": "month"})


MONTHS = [(year, month) for year in range(2011, 2019) for month in range(1, 13)]


@pytest.mark.parametrize("pattern", ["{1:02}.{0}", "{1}.{0}"])
def test_months_with_a_dot_are_months_and_rates_are_numbers(pattern):
    days = [
        (pd.Timestamp(year, month, 1) - pd.Timestamp(1970, 1, 1)).days for year, month in MONTHS
    ]
    found, values, said = look([pattern.format(*one) for one in MONTHS])
    assert found.kind is ColumnKind.DATE and "--numeric c takes them as numbers" in said
    np.testing.assert_array_equal(values, days)
    rates = [f"{rate:.4f}" for rate in np.linspace(1.19, 1.2099, 60)]
    found, values, _ = look(rates)
    assert found.kind is ColumnKind.NUMBER
    np.testing.assert_array_equal(values, [float(rate) for rate in rates])


def test_a_month_and_a_number_is_a_month_of_a_year_unless_the_numbers_are_days():
    months = [f"{pd.Timestamp(year, month, 1):%b-%y}" for year, month in MONTHS]
    found, _, said = look(months)
    assert found.kind is ColumnKind.DATE
    assert "'Jan-11' is taken for a month of a year, not for a day" in said
    shown = [f"{pd.Timestamp(year + 80, month, 1):%b-%y}" for year, month in MONTHS]
    assert "not for a day" not in look(shown)[2]
    days = [f"{day:%b %d}" for day in pd.date_range("2020-01-01", periods=80, freq="4D")]
    assert look(days)[0].kind is ColumnKind.CATEGORY
    no_days = [text.replace("Jan 01", "Feb 30") for text in days]  # February 2030
    assert look(no_days)[0].kind is ColumnKind.DATE


def test_a_day_and_a_month_with_dots_is_no_time_of_day():
    days = [f"{day:%d.%m.}" for day in pd.date_range("2020-01-01", periods=80, freq="4D")]
    for name in ("c", "start"):
        found, _, looks = look(days, name)
        assert found.kind is ColumnKind.CATEGORY and "'01.01.'" in looks
