"""Inferring: what a column is taken for, and what is said about it."""

from __future__ import annotations

import pandas as pd
import pytest

from automl.data.columns.column import ColumnSource, clean, numeric_values
from automl.data.columns.infer import infer_column, infer_schema
from automl.data.columns.number_format import NumberFormat
from automl.data.columns.schema import ColumnKind, Conventions
from automl.errors import DataError


def infer(values):
    said = []
    column = infer_column(clean(pd.Series(values, name="c")), said.append)
    return column, said


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "1e3", "?"], ColumnKind.NUMBER),
        ([1, 2, 3], ColumnKind.NUMBER),
        (["True", "False", ""], ColumnKind.BOOLEAN),
        ([True, False], ColumnKind.BOOLEAN),
        (["yes", "no"], ColumnKind.CATEGORY),
        (["1", "a", "b"], ColumnKind.CATEGORY),
        (["2020-01-01", "x"], ColumnKind.CATEGORY),
        ([None, None], ColumnKind.NUMBER),
    ],
)
def test_kinds(values, kind):
    assert infer(values)[0].kind is kind


@pytest.mark.parametrize(
    ("values", "date_format"),
    [
        (["2024-01-31", None], "ISO8601"),
        (["2024-01-31T12:00:00Z"], "ISO8601"),
        (["2024/01/31"], "ISO8601"),
        (["01/31/2024", "02/01/2024"], "%m/%d/%Y"),
        (["31/01/2024", "02/01/2024"], "%d/%m/%Y"),
        (["31.01.2024"], "%d.%m.%Y"),
    ],
)
def test_dates_are_read_by_the_format_that_fits_all(values, date_format):
    column, said = infer(values)
    assert column.kind is ColumnKind.DATE and column.reading.date_format == date_format
    assert len(said) == 1 and "days since 1970-01-01" in said[0]
    days = numeric_values(pd.Series(values[:1]), column.reading)
    assert int(days[0]) == 19753 or values[0].startswith("02")


def test_an_ambiguous_order_of_day_and_month_is_said():
    column, said = infer(["01/02/2024", "03/04/2024"])
    assert column.reading.date_format == "%m/%d/%Y" and "month first" in said[0]


def test_few_texts_among_numbers_are_missing_many_make_categories():
    column, said = infer([str(i) for i in range(100)] + ["unknown"] * 3)
    assert column.kind is ColumnKind.NUMBER and column.reading.strays == ("unknown",)
    assert "'unknown'" in said[0] and "3 rows" in said[0]
    assert infer([str(i) for i in range(100)] + ["closed"] * 30)[0].kind is ColumnKind.CATEGORY
    assert infer([*map(str, range(200)), *"abcdefg"])[0].kind is ColumnKind.CATEGORY


def test_a_declared_category_is_not_looked_at():
    frame = pd.DataFrame({"c": [1, 2], "d": [1, 2]})
    kinds = [column.kind for column in infer_schema(frame, ("c",), pytest.fail)]
    assert kinds == [ColumnKind.CATEGORY, ColumnKind.NUMBER]


def table(**columns):
    return pd.DataFrame({name: pd.Series(v, dtype="str") for name, v in columns.items()})


def inferred(frame, **conventions):
    said = []
    schema = infer_schema(frame, (), said.append, Conventions(**conventions))
    return {column.name: column.reading for column in schema}, said


OPEN = ["1,234", "2,500", "12,000"] * 5
DOTS = ["1.234", "2.500", "12.000"] * 5


@pytest.mark.parametrize(
    ("values", "other", "conventions", "decimal", "is_said"),
    [
        (OPEN, ["a"] * 15, {}, ".", True),
        (OPEN, ["0,5"] * 15, {}, ",", False),
        (OPEN, ["0.5"] * 15, {}, ".", False),
        (OPEN, ["1", "2", "3"] * 5, {}, ".", True),
        (OPEN, ["a"] * 15, {"decimal": ","}, ",", False),
        (DOTS, ["a"] * 15, {}, ".", True),
        (DOTS, ["0,5"] * 15, {}, ",", False),
        (DOTS, ["0.5"] * 15, {}, ".", False),
        (DOTS, ["a"] * 15, {"decimal": ","}, ",", False),
        ([*DOTS, "0.5"], ["a"] * 16, {}, ".", False),
        ([*DOTS, "1.234.567"], ["a"] * 16, {}, ",", False),
    ],
)
def test_what_one_column_leaves_open_another_or_an_option_tells(
    values, other, conventions, decimal, is_said
):
    readings, said = inferred(table(a=values, b=other), **conventions)
    assert readings["a"].number_format.decimal == decimal
    assert any("nothing tells it from" in s and "--decimal" in s for s in said) == is_said
    assert readings["a"].source is ColumnSource.NUMBER


def test_whole_numbers_take_the_decimal_mark_of_their_file():
    readings, said = inferred(table(a=["1", "20", "3"], b=["0,5", "1,5", "-2,5"]))
    assert readings["a"].number_format == NumberFormat(",") and len(said) == 1
    readings, _ = inferred(table(a=["1", "20", "3"], b=["0.5", "1.5", "-2.5"]))
    assert readings["a"].number_format == NumberFormat()


@pytest.mark.parametrize(
    ("other", "conventions", "first", "is_said"),
    [
        ("x", {}, "%m", True),
        ("31/12/2020", {}, "%d", False),
        ("12/31/2020", {}, "%m", False),
        ("x", {"day_first": True}, "%d", False),
        ("x", {"date_formats": {"a": "%d/%m/%Y"}}, "%d", False),
    ],
)
def test_day_and_month_likewise(other, conventions, first, is_said):
    readings, said = inferred(table(a=["01/02/2020", "03/04/2020"], b=[other] * 2), **conventions)
    assert readings["a"].date_format.startswith(first)
    assert any("month first (--day-first" in s for s in said) == is_said


def test_texts_among_numbers_show_how_they_are_written():
    column = pd.Series([1.5, "2,5", 3, "4,25"], dtype=object, name="c")
    said = []
    (found,) = infer_schema(pd.DataFrame({"c": column}), (), said.append)
    assert numeric_values(column, found.reading).tolist() == [1.5, 2.5, 3.0, 4.25]


def test_a_date_format_that_no_value_has_is_refused():
    with pytest.raises(DataError, match="'red' and no date of the format %Y-%m"):
        inferred(table(a=["red", "blue"]), date_formats={"a": "%Y-%m"})
    _, said = inferred(table(a=["2020-01", "blue"]), date_formats={"a": "%Y-%m"})
    assert "1 of 2 values, such as 'blue'" in said[0]


def test_whole_numbers_are_dates_only_if_all_are():
    days = [20200131, 20200229, 19991231, 20210101, 20210102]
    assert infer(days)[0].kind is ColumnKind.DATE
    assert infer([float(d) for d in days])[0].reading.date_format == "%Y%m%d"
    assert infer([*days, 20200230])[0].kind is ColumnKind.NUMBER
    assert infer([*days, 5])[0].kind is ColumnKind.NUMBER


@pytest.mark.parametrize("words", [["1.234", "2.500"], ["1", "true", "7"]])
def test_numbers_are_no_booleans(words):
    assert infer(words * 10)[0].kind is not ColumnKind.BOOLEAN


def test_one_value_among_many_tells():
    values = [f"{1 + i % 9},{100 + i % 900}" for i in range(20_000)]
    values[12_345] = "1,5"
    column, said = infer(values)
    assert column.reading.number_format == NumberFormat(",") and not column.reading.strays
    dates = [f"{1 + i % 12:02}/{1 + i % 9:02}/2020" for i in range(20_000)]
    dates[12_345] = "31/01/2020"
    column, said = infer(dates)
    assert column.reading.date_format == "%d/%m/%Y" and "first" not in said[0]
    numbers = [f"{i}.5" for i in range(5_000)]
    for i in range(10):
        numbers[4_000 + i] = "abcdefghij"[i]
    column, _ = infer(numbers)
    assert "10 of its 5,000 values, such as 'a'" in column.looks


def test_dashes_among_numbers_are_missing_however_many():
    column, said = infer([*map(str, range(60)), *["-"] * 40])
    assert column.kind is ColumnKind.NUMBER and column.reading.strays == ("-",)
    assert "'-' among the numbers (40 rows)" in said[0]
    assert infer([*map(str, range(60)), *["n"] * 40])[0].kind is ColumnKind.CATEGORY


def test_a_unit_of_one_letter_has_no_plural():
    days = infer([f"{i} day{'s' * (i > 1)}" for i in range(1, 50)])[0]
    assert days.reading.number_format.units == ("days", "day")
    assert infer([f"{i} {'m' if i % 2 else 'ms'}" for i in range(50)])[0].kind is (
        ColumnKind.CATEGORY
    )


def test_a_comma_before_an_exponent_is_a_decimal_mark():
    column, said = infer([f"{i},125e+03" for i in range(1, 9)])
    assert column.reading.number_format == NumberFormat(",") and "nothing tells" not in said[0]


@pytest.mark.parametrize("units", ["€$", ("kg", "g"), ("", "%"), ("k", "M"), ("USD", "EUR", "GBP")])
def test_numbers_written_in_several_ways_are_said_to_be_numbers(units):
    column, _ = infer([f"{i} {units[i % len(units)]}".strip() for i in range(60)])
    assert column.kind is ColumnKind.CATEGORY
    assert "are not written as numbers like" in column.looks and "one way" in column.looks


def test_what_is_no_number_at_all_is_not_said_to_be_one():
    for phones in (f"+49 {100 + i} {5_000 + i}" for i in range(9)), ("1.5,2.5", "3.5,4.5"):
        assert "neither as numbers" in infer([*phones])[0].looks
