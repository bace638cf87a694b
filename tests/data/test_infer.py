"""Inferring: what a column is taken for, and what is said about it."""

from __future__ import annotations

import pandas as pd
import pytest

from automl.data.columns import clean, numeric_values
from automl.data.infer import infer_column, infer_schema
from automl.data.schema import ColumnKind


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
    assert infer([str(i) for i in range(100)] + ["unknown"] * 30)[0].kind is ColumnKind.CATEGORY
    assert infer([*map(str, range(200)), *"abcdefg"])[0].kind is ColumnKind.CATEGORY


def test_a_declared_category_is_not_looked_at():
    frame = pd.DataFrame({"c": [1, 2], "d": [1, 2]})
    kinds = [column.kind for column in infer_schema(frame, ("c",), pytest.fail)]
    assert kinds == [ColumnKind.CATEGORY, ColumnKind.NUMBER]
