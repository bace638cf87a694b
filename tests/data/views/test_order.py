"""Rows in the order of time: windows that overlap are seen and not shuffled into the test rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import DataError, RequestError

OVERLAP = "each row repeats most of the one before it"


def said(data, text):
    return [note for note in data.notes if text in note]


def series(n=600, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def windows(values, length=12, stride=1):
    return np.stack([values[i : i + length] for i in range(0, len(values) - length, stride)])


def in_order(data):
    return said(data, "in their order, the last for test")


def test_arrays_are_split_by_their_order_where_that_is_asked_for(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(100, 3)), np.arange(100.0)
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    for source in ((x, y), str(tmp_path / "rows.npz")):
        data = prepare(DataRequest(source, split_by_time="order"))
        assert data.test.truth[:, 0].tolist() == list(range(80, 100))
        assert data.validation.truth[:, 0].tolist() == list(range(68, 80))
        assert in_order(data)
    with pytest.raises(RequestError, match="give order"):
        prepare(DataRequest((x, y), split_by_time="date"))


def test_a_table_is_split_by_its_order_unless_a_column_has_that_name():
    frame = pd.DataFrame({"a": series(100), "y": np.arange(100.0)})
    data = prepare(DataRequest(frame, "y", split_by_time="order"))
    assert data.test.truth[:, 0].tolist() == list(range(80, 100))
    frame["order"] = np.arange(100)[::-1]
    data = prepare(DataRequest(frame, "y", split_by_time="order"))
    assert sorted(data.test.truth[:, 0].tolist()) == list(range(20))
    assert "order" not in data.plan.inputs.columns


@pytest.mark.parametrize(
    "written",
    ["%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%y %I:%M %p", "%b %d, %Y %H:%M", "%Y%m%d%H%M%S"],
)
@pytest.mark.parametrize("step", ["10min", "7h"])
def test_times_order_rows_however_they_are_written(written, step, tmp_path):
    times = pd.date_range("2009-01-01 00:10:00", periods=500, freq=step)
    frame = pd.DataFrame({"when": times.strftime(written), "a": series(500), "y": np.arange(500.0)})
    frame = frame.sample(frac=1.0, random_state=1)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    for source in (frame, tmp_path / "rows.csv"):
        data = prepare(DataRequest(source, "y", split_by_time="when"))
        assert sorted(data.test.truth[:, 0]) == list(range(400, 500))
        assert sorted(data.validation.truth[:, 0]) == list(range(340, 400))
        assert data.plan.inputs.columns == ("a",)
        assert said(data, "'when' orders the rows in time and is not learnt from")


@pytest.mark.parametrize("stride", [1, 3, 8])
@pytest.mark.parametrize("dims", [1, 4])
@pytest.mark.parametrize("newest", ["last", "first"])
def test_windows_that_overlap_are_taken_in_their_order(stride, dims, newest):
    values = np.random.default_rng(0).normal(size=(800, dims)).astype(np.float32)
    x = windows(values, stride=stride)
    x = (x if newest == "last" else x[:, ::-1]).reshape(len(x), 12, dims)
    y = np.arange(len(x)) + 0.5
    data = prepare(DataRequest((x, y)))
    assert said(data, OVERLAP) and in_order(data)
    assert data.test.truth.min() > data.validation.truth.max() > data.train.truth.max()
    flat = prepare(DataRequest((x.reshape(len(x), -1), y)))
    assert said(flat, OVERLAP)
    shuffled = prepare(DataRequest((x, y), split_by_time="none"))
    assert not said(shuffled, OVERLAP) and said(shuffled, "shuffled, seed 0")


def test_windows_are_shuffled_where_a_class_would_be_lost_and_that_is_said():
    x = windows(series())
    data = prepare(DataRequest((x, np.where(np.arange(len(x)) < 540, "early", "late"))))
    assert said(data, OVERLAP) and said(data, "a class would be in no training row")
    assert said(data, "shuffled, stratified")


@pytest.mark.parametrize(
    ("y", "options"),
    [
        (np.where(np.arange(60) < 50, 0.0, series(60)), {"task": "regression"}),
        (series(60), {"weight": np.arange(60) < 30}),
        (series(60), {"weight": np.arange(60) >= 40, "cv": 3}),
    ],
    ids=["constant", "no weight", "no weight in folds"],
)
def test_windows_are_shuffled_where_their_order_cannot_be_learnt_from(y, options):
    options = {"seed": 2, **options}
    if "weight" in options:
        options["weight"] = options["weight"].astype(float)
    data = prepare(DataRequest((windows(series(72)), y), **options))
    (note,) = said(data, "the rows are shuffled, though each repeats most")
    assert "weight" in note or "same value" in note
    assert not said(data, OVERLAP)
    alike = prepare(DataRequest((windows(series(72)), y), **options, split_by_time="none"))
    np.testing.assert_array_equal(data.validation_positions, alike.validation_positions)


def test_windows_whose_order_cannot_be_learnt_from_are_divided_anew_for_each_trial():
    x, y = windows(series(72)), np.where(np.arange(60) < 50, 0.0, series(60))
    data = prepare(DataRequest((x, y), seed=2, task="regression", holdout="reshuffle"))
    assert said(data, "the rows are shuffled, though") and said(data, "a division of its own")
    with pytest.raises(RequestError, match="divided in one way only"):
        prepare(DataRequest((x, series(60)), seed=2, holdout="reshuffle"))


def test_a_table_of_earlier_values_is_taken_in_its_order():
    values = series()
    frame = pd.DataFrame({f"lag_{k}": values[5 - k : 500 - k] for k in range(1, 5)})
    frame["hour"] = np.arange(len(frame)) % 24
    frame["value"] = values[5:500]
    data = prepare(DataRequest(frame, "value"))
    assert said(data, OVERLAP) and in_order(data)
    assert said(prepare(DataRequest(frame.sample(frac=1.0, random_state=0), "value")), "shuffled,")


def test_a_recording_is_shuffled_and_that_is_said():
    walk = np.cumsum(np.random.default_rng(0).normal(size=(3_000, 6)), axis=0)
    x = walk + np.arange(3_000)[:, None] * 0.05
    y = np.random.default_rng(1).normal(size=3_000)
    note = "nearly the same, as in a recording"
    assert said(prepare(DataRequest((x, y))), note)
    assert not said(prepare(DataRequest((x, y), split_by_time="order")), note)
    mixed = np.random.default_rng(0).permutation(len(x))
    assert not said(prepare(DataRequest((x[mixed], y[mixed]))), note)


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_rows_without_order_are_shuffled_without_a_word(name):
    data = prepare(DataRequest(name))
    assert said(data, "shuffled") and not said(data, "each row repeats")
    assert not said(data, "nearly the same")


def test_rows_with_a_grid_or_one_sorted_column_are_no_recording():
    grid = np.stack(np.meshgrid(np.arange(30), np.arange(30)), axis=-1).reshape(-1, 2)
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(900, 3)), columns=["a", "b", "c"])
    table["x"], table["z"] = grid[:, 0], grid[:, 1]
    table["y"] = table["a"] + table["x"]
    data = prepare(DataRequest(table, "y"))
    assert not said(data, "nearly the same") and not said(data, "each row repeats")


def test_images_with_blank_borders_are_no_windows():
    x = np.zeros((200, 12, 12), np.uint8)
    x[:, 5:7, 5:7] = np.random.default_rng(0).integers(0, 255, (200, 2, 2))
    data = prepare(DataRequest((x, np.arange(200) % 2)))
    assert not said(data, "each row repeats")


def test_a_group_goes_before_an_order_that_was_only_seen():
    frame = pd.DataFrame({f"lag_{k}": series()[5 - k : 500 - k] for k in range(5)})
    frame["person"], frame["y"] = np.arange(len(frame)) // 20, series(seed=1)[:495]
    assert said(prepare(DataRequest(frame, "y", group="person")), "by group")
    with pytest.raises((DataError, RequestError), match="either by time or by group"):
        DataRequest(frame, "y", group="person", split_by_time="order")


@pytest.mark.parametrize("rows", [100, 400, 3_000])
@pytest.mark.parametrize("every", [2, 4, 9, 10, 11])
def test_values_that_are_missing_here_and_there_decide_no_order(rows, every):
    rng = np.random.default_rng(every)
    frame = pd.DataFrame({name: rng.normal(size=rows) for name in "abcy"})
    frame.loc[np.arange(rows) % every == 0, "b"] = np.nan
    frame.loc[rng.random(rows) < 1 / every, "c"] = np.nan
    assert prepare(DataRequest(frame, "y")).plan.inputs.columns == ("a", "b", "c")


def test_windows_in_a_table_are_seen_beside_columns_with_gaps():
    frame = pd.DataFrame(windows(series()), columns=[f"lag{i}" for i in range(12)])
    frame["gaps"] = np.where(np.arange(len(frame)) % 3 == 0, np.nan, 1.0 * np.arange(len(frame)))
    frame["words"] = np.where(np.arange(len(frame)) % 2, "a", "b")
    frame["y"] = series(len(frame), 1)
    assert said(prepare(DataRequest(frame, "y")), OVERLAP)
