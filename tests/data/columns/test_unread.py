"""What later rows have otherwise than training: counted, and said once a column."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.data.columns.unread import teller
from automl.data.kinds.table.features import CategoricalFeature, NumericFeature
from automl.data.prepare import prepare
from automl.data.request import DataRequest

NUMBER, CATEGORY = NumericFeature("a", 0, 0, 1), CategoricalFeature("a", ("1", "2"))


def told(feature, values):
    said = []
    tell = teller(said.append, "test rows")
    feature.raw(pd.Series(values, name="a"), tell)
    feature.raw(pd.Series(values, name="a"), tell)
    return said


@pytest.mark.parametrize("feature", [NUMBER, CATEGORY])
def test_a_column_that_lacks_values_where_training_had_all_is_told(feature):
    assert told(feature, ["NA", "", None, "1"]) == [
        "column 'a': 3 of the 4 test rows are without a value, which every training row had"
    ]
    assert not told(feature, ["NA", "1", None, "1"])


@pytest.mark.parametrize(
    "feature", [replace(NUMBER, indicator=True), replace(CATEGORY, vocabulary=("", "1"))]
)
def test_gaps_that_training_had_are_no_news(feature):
    assert not told(feature, [None, None, None, "1"])


@pytest.mark.parametrize("values", [np.nan, "?", "1,5"])
def test_a_search_tells_each_column_of_the_test_rows_once(tmp_path, values):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60), "y": rng.random(60)})
    table.to_csv(tmp_path / "train.csv", index=False)
    table.assign(a=values).to_csv(tmp_path / "test.csv", index=False)
    data = prepare(DataRequest(str(tmp_path / "train.csv"), "y", test=str(tmp_path / "test.csv")))
    (note,) = [note for note in data.notes if note.startswith("column 'a'")]
    assert ("are no number" if values == "1,5" else "60 of the 60 test rows are without") in note
