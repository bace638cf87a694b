"""Texts for "no value" among numbers and dates, whatever their share; and as categories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.columns import guess
from automl.data.columns.column import clean, numeric_values
from automl.data.columns.infer import infer_column
from automl.data.columns.no_value import says_no_value
from automl.data.columns.schema import ColumnKind
from automl.data.prepare import prepare
from automl.data.request import DataRequest

WORDS = (
    "N.A.", "n. a.", "(null)", "[NULL]", "<null>", "NIL", "NONE", "\\N", "not available", "N/K",
    "Unknown", "MISSING", "k. A.", "keine Angabe", "inconnu", "s/d", "нет", "无", "- n/a -", "..",
    "not_available", "#N/V",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_numbers_and_dates_with_gaps_are_read(word):
    gaps = np.arange(100) % 3 == 0
    numbers = np.where(gaps, word, [f"{i / 4}" for i in range(100)])
    days = np.where(gaps, word, pd.date_range("2020-01-01", periods=100).strftime("%d.%m.%Y"))
    for texts, kind in ((numbers, ColumnKind.NUMBER), (days, ColumnKind.DATE)):
        said: list[str] = []
        column = pd.Series(texts.tolist(), name="c")
        found = infer_column(clean(column), said.append)
        assert found.kind is kind and f"{word!r} among the" in said[0] and "34 rows" in said[0]
        np.testing.assert_array_equal(np.isnan(numeric_values(column, found.reading)), gaps)


def test_among_words_they_stay_a_category_and_a_class():
    rng = np.random.default_rng(0)
    words = rng.choice(["low", "high", "unknown"], 300)
    data = prepare(
        DataRequest(pd.DataFrame({"x": rng.normal(size=300), "c": words, "y": words}), "y")
    )
    assert data.task.classes == ("high", "low", "unknown")
    assert data.plan.inputs.columns == ("x", "c")


@pytest.mark.parametrize("word", ["closed", "n", "no", "A", "12", "0", "known", "1 n/a", "ok"])
def test_other_texts_say_a_value(word):
    assert not says_no_value(word)


def test_a_long_text_says_a_value_however_it_ends() -> None:
    assert says_no_value("--- na ---")
    assert not says_no_value("-" * 200_000 + "na" + "-" * 200_000)


def test_of_a_column_of_many_texts_none_is_looked_up(monkeypatch):
    def looked_up(texts):
        raise AssertionError(len(texts))

    monkeypatch.setattr(guess, "say_no_value", looked_up)
    texts = [str(i) if i % 3 else f"{i} closed" for i in range(300)]
    found = infer_column(clean(pd.Series(texts, name="c")), lambda _: None)
    assert found.kind is ColumnKind.CATEGORY
