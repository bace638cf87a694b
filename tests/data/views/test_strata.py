"""Training rows alone decide the task: what other rows hold as their targets changes nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.task import TaskKind
from automl.errors import DataError

ROWS = 240


def table(target, rows=ROWS):
    rng = np.random.default_rng(rows)
    return pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows), "y": target})


def targets(kind, rows=ROWS):
    rng = np.random.default_rng(rows + 1)
    return {
        "numbers": lambda: np.round(rng.normal(100, 30, rows), 2),
        "counts": lambda: rng.integers(0, 300, rows),
        "decimal commas": lambda: [f"{v:.2f}".replace(".", ",") for v in rng.normal(9, 3, rows)],
        "classes": lambda: rng.choice(["no", "yes"], rows),
        "numbered classes": lambda: rng.integers(0, 3, rows),
        "true and false": lambda: rng.random(rows) < 0.5,
        "codes": lambda: rng.choice(["00", "01", "10"], rows),
    }[kind]()


KINDS = ("numbers", "counts", "decimal commas", "classes", "numbered classes", "true and false")
KINDS += ("codes",)
OTHERS = {
    "words": ["many", "few"],
    "decimal commas": ["1,5", "2,75", "1.234,5"],
    "decimal points": ["1.5", "2.75"],
    "numbers": [0.5, 17.25, 1e9],
    "a new class": ["zebra"],
    "dates": ["2020-01-31"],
    "infinite": [np.inf],
}


def said(data, text):
    return [note for note in data.notes if text in note]


def assert_same_training(first, again):
    assert again.task == first.task and again.plan == first.plan
    for rows in ("train", "validation"):
        one, other = (getattr(data, rows).arrays() for data in (first, again))
        assert one.keys() == other.keys()
        for name, array in one.items():
            assert array.dtype == other[name].dtype
            np.testing.assert_array_equal(array, other[name])


def with_others(frame, values, rows):
    changed = frame.astype({"y": object})
    changed.loc[rows, "y"] = pd.Series(np.resize(np.array(values, object), len(rows)), index=rows)
    return changed


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["frame", "file"])
def test_targets_in_a_test_file_change_nothing_for_training(kind, others, form, tmp_path):
    frame, test = table(targets(kind)), table(targets(kind, 60), 60)
    changed = with_others(test, OTHERS[others], list(range(0, 60, 3)))
    if form == "file":
        for name, rows in (("train", frame), ("test", test), ("changed", changed)):
            rows.to_csv(tmp_path / f"{name}.csv", index=False)
        frame, test, changed = (tmp_path / f"{n}.csv" for n in ("train", "test", "changed"))
    first = prepare(DataRequest(frame, "y", test=test))
    again = prepare(DataRequest(frame, "y", test=changed))
    assert_same_training(first, again)
    read = {("numbers", "numbers"), ("counts", "numbers"), ("decimal commas", "decimal commas")}
    read |= {("numbers", "decimal points"), ("counts", "decimal points")}
    read |= {("decimal commas", "numbers")} if form == "frame" else set()
    if (kind, others) not in read and not (kind == "decimal commas" and form == "file"):
        assert said(again, "of 60 test rows hold") and len(again.test) == 40


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("kind", ["numbers", "counts", "decimal commas"])
def test_targets_of_test_rows_that_are_divided_off_change_nothing(kind, others):
    frame = table(targets(kind))
    first = prepare(DataRequest(frame, "y"))
    row_of = {a: i for i, a in enumerate(frame["a"])}
    scale = first.plan.inputs.numeric_features[0]
    raw = first.test.inputs["numeric"][:, 0] * scale.std + scale.mean
    known = np.array(list(row_of))
    tested = [row_of[known[np.abs(known - value).argmin()]] for value in raw]
    again = prepare(DataRequest(with_others(frame, OTHERS[others], tested[::2]), "y"))
    assert_same_training(first, again)


@pytest.mark.parametrize("how", ["time", "group"])
def test_classes_of_rows_that_are_divided_off_by_time_or_group_change_nothing(how):
    frame = table(targets("classes"))
    frame["t"] = range(ROWS)
    frame["g"] = [f"g{i // 12}" for i in range(ROWS)]
    options = {"split_by_time": "t"} if how == "time" else {"group": "g"}
    request = DataRequest(frame, "y", ignore="g" if how == "time" else "t", **options)
    first = prepare(request)
    tested = set(first.test.inputs["numeric"][:, 0].tolist())
    column = first.plan.inputs.numeric_features[0].apply(frame["a"].to_numpy(np.float32))
    rows = [i for i, value in enumerate(column.tolist()) if value in tested]
    assert len(rows) == len(first.test)
    again = prepare(request.with_data(with_others(frame, ["zebra", 17, "1,5"], rows[::2])))
    assert_same_training(first, again)
    assert said(again, "a class that no training row has: ")
    assert len(again.test) == len(rows) // 2


def test_a_class_that_only_validation_rows_have_is_counted_and_named():
    frame, validation = table(targets("classes")), table(targets("classes", 40), 40)
    validation.loc[:3, "y"] = "perhaps"
    data = prepare(DataRequest(frame, "y", validation=validation))
    assert data.task.kind is TaskKind.BINARY and len(data.validation) == 36
    note = said(data, "target 'y'")[0]
    assert "4 of 40 validation rows" in note and "'perhaps' (4), first in row 1;" in note
    assert "left out of all scores (counted as wrong, accuracy could be 0.9 at most)" in note
    with pytest.raises(DataError, match="All 40 validation rows have classes of 'y'"):
        prepare(DataRequest(frame, "y", validation=validation.assign(y="perhaps")))


def test_image_classes_stay_classes_where_one_does_not_train():
    y = np.repeat([n for n in range(60) if n != 30], 4)
    x = np.random.default_rng(0).integers(0, 255, (len(y), 3, 3, 1))
    test = (x[:3], np.array([1, 30, 2]))
    data = prepare(DataRequest((x, y), test=test))
    assert data.task.outputs == 59 and len(data.test) == 2
    assert said(data, "1 of 3 test rows hold a class that no training row has: '30' (1)")
