"""Labels: they come back as they were written, and are found however they are written later."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.forms import read_form, to_form
from automl.data.columns.column import clean
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.targets.infer_task import infer_task
from automl.data.targets.labels import class_labels, label_codes
from automl.data.task import Task, TaskKind
from automl.errors import DataError


def labels(values, asked="classification", dtype=None):
    frame = pd.DataFrame({"y": clean(pd.Series(values, name="y", dtype=dtype))})
    return infer_task(frame, asked, lambda _: None).classes


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["00", "01", "00"], ("00", "01")),
        (["1.0", "0.0"], (0.0, 1.0)),
        (["1.50", "2.50"], ("1.50", "2.50")),
        (["1", "2.5"], ("1", "2.5")),
        (["+1", "-1"], ("-1", "+1")),
        (["10%", "5%"], ("5%", "10%")),
        (["1.000", "2.000"], ("1.000", "2.000")),
        (["9007199254740993", "9007199254740992"], (9007199254740992, 9007199254740993)),
        (["1", "1.0", "2"], (1, 2)),
        (["1.0", "a"], ("1.0", "a")),
        (["True", "False"], ("False", "True")),
        (["007", "7"], ("007", "7")),
        ([3, 1], (1, 3)),
        ([3.0, 1.0], (1, 3)),
    ],
)
def test_labels_are_as_they_were_written(written, expected):
    found = labels(written)
    assert found == expected
    assert [type(a) for a in found] == [type(b) for b in expected]


@given(st.sets(st.from_regex(r"[0-9+\-.,% a]{1,6}", fullmatch=True), min_size=2, max_size=6))
def test_whatever_a_label_is_it_comes_back(texts):
    written = clean(pd.Series(sorted(texts), name="y", dtype="str")).dropna()
    if written.nunique() < 2:
        return
    classes = labels(written.tolist())
    codes = label_codes(written, classes)
    assert sorted(set(codes)) == list(range(len(classes)))
    shown = [str(classes[code]) for code in codes]
    values = pd.to_numeric(written, errors="coerce")
    for label, text, value in zip(shown, written, values, strict=True):
        assert label == text or float(label) == value
    if len(classes) < 2:  # one number, written in several ways
        return
    kind = TaskKind.BINARY if len(classes) == 2 else TaskKind.MULTICLASS
    task = Task(kind, 1 if len(classes) == 2 else len(classes), ("y",), classes)
    assert read_form(Task, json.loads(json.dumps(to_form(task)))) == task


@pytest.mark.parametrize("dtype", [object, "int64", "Int64", "str", "category"])
def test_long_numbers_as_labels_keep_every_digit(dtype):
    written = [2**53 + 1, 2**53 + 2, 2**53 + 3]
    assert labels(written, dtype=dtype) == tuple(written)
    column = clean(pd.Series(written, dtype=dtype))
    assert label_codes(column, written).tolist() == [0, 1, 2]


def test_labels_are_found_as_numbers_where_zeros_were_lost():
    assert label_codes(pd.Series([1, 0, 1]), ("00", "01")).tolist() == [1, 0, 1]
    assert label_codes(pd.Series(["5.0", "3"], dtype="str"), (3, 5)).tolist() == [1, 0]
    assert label_codes(pd.Series(["1", "01", "2"], dtype="str"), ("01", "1")).tolist() == [1, 0, -1]


@pytest.mark.parametrize("form", ["frame", "parquet"])
def test_the_category_type_of_pandas_is_obeyed(tmp_path, form):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"zip": rng.integers(0, 60, 400), "a": rng.normal(size=400), "y": rng.integers(0, 30, 400)}
    ).astype({"zip": "category", "y": "category"})
    source = frame
    if form == "parquet":
        source = tmp_path / "t.parquet"
        frame.to_parquet(source)
    data = prepare(DataRequest(source, "y"))
    assert data.task.classes == tuple(range(30))
    assert data.plan.signature.categorical_names == ("zip",)
    assert any("'zip' is taken as categories, as its type in pandas says" in n for n in data.notes)
    expected = data.plan.apply(frame)["categorical"]
    for rows in (frame.astype({"zip": int}), frame.astype({"zip": str}), frame):
        np.testing.assert_array_equal(data.plan.apply(rows)["categorical"], expected)


def test_an_infinite_number_is_no_label() -> None:
    with pytest.raises(DataError, match="'y' has infinite values"):
        class_labels(pd.Series([0.0, 1.0, np.inf], name="y"))


def test_true_and_false_with_gaps_are_the_same_labels_whatever_type_holds_them():
    values, rng = [True, False, None, True] * 50, np.random.default_rng(0)
    for dtype in (object, "boolean", "bool[pyarrow]"):
        y = pd.Series(values, dtype=dtype)
        frame = pd.DataFrame({"x": rng.normal(size=200), "flag": y, "y": y})
        data = prepare(DataRequest(frame, "y"))
        assert data.task.classes == ("False", "True"), dtype
        assert data.plan.inputs.numeric_features[1].reading.source == "boolean"
