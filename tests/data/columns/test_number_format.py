"""Number formats: strict groups, signs, units; and what a column shows, or leaves open."""

from __future__ import annotations

import json
import sys
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.forms import read_form, to_form
from automl.data.columns.characters import DIGITS
from automl.data.columns.infer_numbers import infer_number_format
from automl.data.columns.number_format import NumberFormat, take_apart

GERMAN = NumberFormat(",", ".")
FORMATS = [
    NumberFormat(),
    GERMAN,
    NumberFormat(".", ","),
    NumberFormat(",", " "),
    NumberFormat(".", "'", units=("CHF",)),
    NumberFormat(".", ",", indian=True, negative="brackets"),
    NumberFormat(",", units=("kg",), negative="trailing"),
]


def texts(*values):
    return pd.Series(values, dtype="str")


@pytest.mark.parametrize("found", FORMATS)
def test_a_format_survives_json(found):
    assert read_form(NumberFormat, json.loads(json.dumps(to_form(found)))) == found


@pytest.mark.parametrize(
    "form", [{"decimal": "x"}, {"grouping": "."}, {"units": [1]}, {"place": 3}, {"decimal": ";"}]
)
def test_what_is_no_format_is_refused(form):
    with pytest.raises(ValueError, match=r"marks|text|unknown"):
        read_form(NumberFormat, form)


@pytest.mark.parametrize(
    ("found", "text", "value"),
    [
        (GERMAN, "1.234.567,89", 1234567.89),
        (GERMAN, "1234567,89", 1234567.89),
        (GERMAN, "-0,5", -0.5),
        (GERMAN, "\u22120,5", -0.5),
        (GERMAN, "12.34,5", None),
        (GERMAN, "1.2.3", None),
        (GERMAN, "1.5", None),
        (GERMAN, "0.123", None),
        (GERMAN, "1,234,567", None),
        (NumberFormat(".", ","), "12,34,5", None),
        (NumberFormat(".", ","), "1,23,456", None),
        (NumberFormat(".", ",", indian=True), "1,23,456", 123456),
        (NumberFormat(".", ",", indian=True), "123,456", None),
        (NumberFormat(".", ","), "3,185e+03", None),
        (NumberFormat(","), "3,185e+03", 3185),
        (NumberFormat(".", ","), "3.185e+03", 3185),
        (NumberFormat(".", ","), "192.168.0.1", None),
        (NumberFormat(".", ","), "12:30", None),
        (NumberFormat(".", ","), "2020-01-31", None),
        (NumberFormat(".", ","), "(5)", None),
        (NumberFormat(negative="brackets"), "(5)", -5),
        (NumberFormat(negative="brackets"), "(-5)", None),
        (NumberFormat(negative="brackets"), "(5", None),
        (NumberFormat(negative="trailing"), "5-", -5),
        (NumberFormat(negative="trailing"), "-5-", None),
        (NumberFormat(","), "19,-", 19),
        (NumberFormat(units=("%",)), "12 %", 12),
        (NumberFormat(units=("%",)), "0.12", None),
        (NumberFormat(units=("%",)), "0", 0),
        (NumberFormat(units=("$",)), "12", 12),
        (NumberFormat(units=("kg",)), "12", None),
        (NumberFormat(units=("kg",)), "12 lb", None),
        (NumberFormat(units=("kg",)), "kg 12", None),
        (NumberFormat(units=("EUR",)), "EUR -12", -12),
        (NumberFormat(), "1e3", 1000),
        (NumberFormat(), "5 PM", None),
        (NumberFormat(), "abc", None),
        (NumberFormat(), "", None),
    ],
)
def test_one_text(found, text, value):
    expected = np.nan if value is None else value
    np.testing.assert_array_equal(found.read_one(text), expected)
    np.testing.assert_array_equal(found.read(texts(text, "")), [expected, np.nan])


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_none(text):
    take_apart(text)
    for found in FORMATS:
        assert isinstance(found.read_one(text), float)


@given(st.lists(st.from_regex(r"[0-9.,' \-+()%$ekg]{0,12}", fullmatch=True), min_size=1))
def test_whatever_stands_in_a_column_its_format_reads_what_it_says(values):
    column = texts(*[value.strip() or "x" for value in values])
    for decimal in (None, ".", ","):
        found = infer_number_format(column, decimal)
        if found is not None:
            assert decimal in (None, found.format.decimal)
            read = found.format.read(column)
            assert not np.isinf(read).any() or "e" in "".join(values)
            if found.other is not None:
                assert np.isnan(found.other.read(column)).sum() == np.isnan(read).sum()


@given(st.lists(st.floats(-1e9, 1e9).map(lambda v: round(v, 3)), min_size=3, max_size=20))
def test_numbers_of_programs_need_no_format(values):
    column = texts(*map(str, [*values, 0.25]))
    np.testing.assert_array_equal(NumberFormat().read(column), [*values, 0.25])


def test_digits_are_those_of_all_scripts() -> None:
    every = (chr(code) for code in range(0x660, sys.maxunicode + 1))
    digits = {ord(c): str(unicodedata.decimal(c)) for c in every if unicodedata.category(c) == "Nd"}
    assert digits == DIGITS
