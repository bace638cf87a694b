"""What a column is, decided by the training rows of each fold: told apart, or put together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from automl.data.columns.column import ColumnSource, Reading
from automl.data.columns.date_format import ISO
from automl.data.plan import joined_inputs
from automl.data.prepare import prepare
from automl.data.request import DataRequest

ROWS = 90


def table() -> pd.DataFrame:
    numbers = np.random.default_rng(0).normal(size=ROWS)
    labels = np.where(np.arange(ROWS) % 2, "no", "yes")
    return pd.DataFrame({"a": [f"{value:.3f}" for value in numbers], "y": labels})


def test_columns_that_folds_read_otherwise_are_told() -> None:
    frame = table()
    frame["fold"] = np.arange(ROWS) % 3
    is_last, few = frame["fold"] == 2, np.arange(ROWS) // 3 % 7
    frame["c"] = np.where(is_last, "word", (few + 0.5).astype(str))
    frame["d"] = np.where(is_last, "soon", [f"2024-01-0{day + 1}" for day in few])
    data = prepare(DataRequest(frame, ("y",), fold_column="fold", test=0.0))
    c, d = [note for note in data.notes if "otherwise in other folds" in note]
    assert "'c'" in c and "categories in 2, numbers in 1" in c
    assert "'d'" in d and "categories in 2, dates (ISO8601) in 1" in d and "--numeric d" in d
    assert joined_inputs([data.plan.inputs, *(view.plan.inputs for view in data.folds)]) is None


def test_a_stray_text_of_one_fold_alone_keeps_the_folds_alike() -> None:
    frame = table()
    frame.loc[17, "a"] = "broken"
    data = prepare(DataRequest(frame, ("y",), cv=3, test=0.0))
    plans = [data.plan.inputs, *(view.plan.inputs for view in data.folds)]
    strays = [plan.features_form()[0]["strays"] for plan in plans]
    assert sorted(strays) == [[], ["broken"], ["broken"]]
    whole = joined_inputs(plans)
    assert whole is not None and whole.features_form()[0]["strays"] == ["broken"]
    for plan in (*plans, whole):
        [values] = plan.exported(frame, plan.input_names()).values()
        assert np.flatnonzero(np.isnan(values)).tolist() == [17]
    assert not any("otherwise in other folds" in note for note in data.notes)


def test_a_day_that_stands_for_none_in_one_fold_alone_keeps_them_apart() -> None:
    date = Reading(ColumnSource.DATE, ISO)
    assert date.joined(replace(date, strays=("soon",))) == replace(date, strays=("soon",))
    assert date.joined(replace(date, strays=("9999-12-31",))) is None
    assert date.joined(replace(date, date_format="%d.%m.%Y")) is None
    assert date.joined(Reading()) is None
