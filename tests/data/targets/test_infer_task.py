"""Targets: which task they ask for, how classes become numbers, class weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from automl.data.columns.column import clean
from automl.data.targets.class_weights import class_weights
from automl.data.targets.encode import encode_targets
from automl.data.targets.infer_task import infer_task
from automl.data.task import Task, TaskKind
from automl.errors import DataError, RequestError


def infer(asked=None, counted=False, **columns):
    frame = pd.DataFrame({n: clean(pd.Series(v, name=n)) for n, v in columns.items()})
    said = []
    task = infer_task(frame, asked, said.append, counted_classes=counted)
    assert len(said) == 1 and said[0].startswith("task: ")
    return task


FLOATS = np.linspace(0, 1, 30)
COUNTED = np.arange(30) % 25


@pytest.mark.parametrize(
    ("values", "kind", "classes"),
    [
        (["a", "b", "a"], TaskKind.BINARY, ("a", "b")),
        (["b", "c", "a"], TaskKind.MULTICLASS, ("a", "b", "c")),
        ([True, False], TaskKind.BINARY, (False, True)),
        ([1, 0, 1], TaskKind.BINARY, (0, 1)),
        (["10", "9", "10"], TaskKind.BINARY, (9, 10)),
        ([0.0, 1.0, 2.0], TaskKind.MULTICLASS, (0, 1, 2)),
        ([0.5, 1.0, 2.0], TaskKind.REGRESSION, ()),
        ([*range(20)] * 5, TaskKind.MULTICLASS, tuple(range(20))),
        (range(20), TaskKind.REGRESSION, ()),
        (range(21), TaskKind.REGRESSION, ()),
        (COUNTED, TaskKind.REGRESSION, ()),
    ],
)
def test_one_target_decides_by_its_values(values, kind, classes):
    task = infer(y=list(values))
    assert (task.kind, task.classes) == (kind, classes)
    assert all(type(found) is type(c) for found, c in zip(task.classes, classes, strict=True))


def test_image_classes_may_be_many():
    assert infer(counted=True, y=COUNTED).outputs == 25
    assert infer(counted=True, y=COUNTED + 1).kind is TaskKind.REGRESSION


def test_several_targets_are_labels_or_numbers():
    labels = infer(a=[0, 1, 1], b=[True, False, True])
    assert labels.kind is TaskKind.MULTILABEL and labels.targets == ("a", "b")
    numbers = infer(a=[0, 1, 2], b=[0.5, 1, 2])
    assert numbers.kind is TaskKind.REGRESSION and numbers.outputs == 2


@pytest.mark.parametrize(
    ("asked", "values", "kind"),
    [
        ("regression", [0, 1, 2], TaskKind.REGRESSION),
        ("multiclass", [0, 1, 0], TaskKind.MULTICLASS),
        ("classification", FLOATS, TaskKind.MULTICLASS),
        ("multilabel", [0, 1, 0], TaskKind.MULTILABEL),
        ("regression", ["007", "010", "100"], TaskKind.REGRESSION),
        ("regression", [20200101 + i for i in range(31)], TaskKind.REGRESSION),
    ],
)
def test_the_task_can_be_asked_for(asked, values, kind):
    assert infer(asked, y=list(values)).kind is kind


@pytest.mark.parametrize(
    ("asked", "columns", "message"),
    [
        (None, {"y": [1, 1, 1]}, "same value in every row"),
        (None, {"y": ["a", "a"]}, "same value in every row"),
        ("binary", {"y": [0, 1, 2]}, "has 3 classes, but a binary task has two"),
        ("regression", {"y": ["1", "many", "2.5"]}, r"holds text \('many'\) in 1 of 3 rows"),
        (None, {"y": ["1", "many", "2.5"]}, r"holds text \('many'\) in 1 of 3 rows"),
        ("multilabel", {"a": [0, 1, 2], "b": [0, 1, 1]}, "something other than 0 and 1"),
        ("multiclass", {"a": [0, 1], "b": [0, 1]}, "one target"),
        ("regression", {"y": [1.0, np.inf]}, "infinite"),
        (None, {"y": [0.5, 1e30]}, "too large"),
        (None, {"y": pd.to_datetime(["2020-01-01", "2020-01-02"])}, "holds dates"),
        (None, {"y": [f"n{i}" for i in range(50)]}, "looks like an identifier"),
        (None, {"a": [0, 1, 2], "b": ["x", "y", "z"]}, "numbers were expected.*give one target"),
        (None, {"y": [f"{'€$'[i % 2]}{i}" for i in range(50)]}, "25 of its 50 values.*one way"),
        (None, {"y": [f"{i % 24}:{i:02}" for i in range(50)]}, "holds times of day or durations"),
        (None, {"y": pd.to_timedelta(range(50), unit="h")}, "holds times of day or durations"),
        (
            "regression",
            {"y": pd.to_timedelta([1, 2], unit="h")},
            "durations.*write them as numbers",
        ),
        (None, {"y": [20200101 + i for i in range(31)]}, "holds dates such as 20200101"),
        (None, {"y": [f"{20200101 + i}" for i in range(31)]}, "holds dates such as 20200101"),
    ],
)
def test_targets_that_do_not_fit_are_refused(asked, columns, message):
    with pytest.raises(DataError, match=message):
        infer(asked, **columns)


def test_an_unknown_task_shows_the_nearest():
    with pytest.raises(RequestError, match="did you mean 'regression'"):
        infer("regresion", y=[1, 2])


BINARY = Task(TaskKind.BINARY, 1, ("y",), ("<=50K", ">50K"))
DIGITS = Task(TaskKind.MULTICLASS, 3, ("y",), (3, 5, 9))
FLAGS = Task(TaskKind.BINARY, 1, ("y",), (False, True))


def encode(task, values, say=None):
    found, known = encode_targets(pd.DataFrame({"y": values}), task, say)
    assert known.all()
    return found


def test_classes_are_numbered_whatever_dtype_they_come_in():
    found = encode(BINARY, [">50K", " <=50K "])
    assert found.dtype == np.float32 and found.tolist() == [[1.0], [0.0]]
    for values in ([9, 3, 5], ["9", "3", "5.0"], [9.0, 3.0, 5.0]):
        found = encode(DIGITS, values)
        assert found.dtype == np.int32 and found.tolist() == [2, 0, 1]
    for values in ([True, False], ["TRUE", "false"], [1, 0]):
        assert encode(FLAGS, values).tolist() == [[1.0], [0.0]]


def test_a_full_stop_after_labels_is_forgiven_and_said():
    said = []
    assert encode(BINARY, [">50K.", "<=50K."], said.append).tolist() == [[1.0], [0.0]]
    assert "'>50K.'" in said[0] and "'>50K'" in said[0]


def test_regression_and_labels_have_their_forms():
    pair = Task(TaskKind.REGRESSION, 2, ("a", "b"))
    frame = pd.DataFrame({"b": ["1.5", "2"], "a": [3, 4]})
    found, _ = encode_targets(frame, pair)
    assert found.dtype == np.float64 and found.tolist() == [[3.0, 1.5], [4.0, 2.0]]
    labels = Task(TaskKind.MULTILABEL, 2, ("a", "b"))
    found, _ = encode_targets(pd.DataFrame({"a": [0, 1], "b": [True, False]}), labels)
    assert found.dtype == np.float32 and found.tolist() == [[0.0, 1.0], [1.0, 0.0]]


NUMBERS = Task(TaskKind.REGRESSION, 1, ("y",))
LABELS = Task(TaskKind.MULTILABEL, 1, ("y",))


@pytest.mark.parametrize(
    ("task", "values", "known", "words"),
    [
        (BINARY, ["<=50K", ">60K"], [1, 0], "'>60K' (1), first in row 2 (did you mean '>50K'?)"),
        (BINARY, ["<=50K", ">60K"], [1, 0], "accuracy could be 0.5 at most"),
        (BINARY, ["<=50K.", ">50K.", "many"], [1, 1, 0], "'many' (1), first in row 3"),
        (DIGITS, [3, 4, 4, 7], [1, 0, 0, 0], "'4' (2), '7' (1), first in row 2"),
        (DIGITS, [3, 9.5], [1, 0], "'9.5' (1)"),
        (DIGITS, ["3", None, "x"], [1, 0, 0], "1 of 3 rows hold a class that no"),
        (NUMBERS, ["1.5", "many", "2"], [1, 0, 1], "'many' (1), first in row 2"),
        (NUMBERS, ["1.5", "1,5"], [1, 0], "no number as training has them: '1,5'"),
        (NUMBERS, [1.5, np.inf, 1e30], [1, 0, 0], "2 of 3 rows"),
        (LABELS, [0, 1, 2], [1, 1, 0], "something other than 0 and 1: '2' (1)"),
    ],
)
def test_values_that_training_has_not_shown_are_counted_and_named(task, values, known, words):
    said = []
    found, fits = encode_targets(pd.DataFrame({"y": values}), task, said.append)
    assert fits.astype(int).tolist() == known and len(found) == len(values)
    assert words in said[-1] and "left out of all scores" in said[-1]


def test_rows_without_a_target_are_no_class():
    said = []
    frame = pd.DataFrame({"y": [None, "<=50K", ">50K"]})
    _, known = encode_targets(frame, BINARY, said.append)
    assert known.tolist() == [False, True, True]
    assert said == ["1 row without a value of the target 'y' is left out"]


def test_a_target_column_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="no target column 'y'"):
        encode_targets(pd.DataFrame({"z": [1]}), BINARY)


def test_balanced_class_weights_equal_scikit_learn():
    truth = np.array([0, 0, 0, 1, 2, 2], np.int32)
    np.testing.assert_allclose(
        class_weights(truth, DIGITS, "balanced"), compute_sample_weight("balanced", truth)
    )


def test_class_weights_can_be_given():
    truth = np.array([[0.0], [1.0]], np.float32)
    assert class_weights(truth, BINARY, {">50K": 3}).tolist() == [1.0, 3.0]
    assert class_weights(truth, BINARY, None) is None
    with pytest.raises(RequestError, match="no class '>60K'"):
        class_weights(truth, BINARY, {">60K": 3})
    with pytest.raises(RequestError, match="positive"):
        class_weights(truth, BINARY, {">50K": -1})
    with pytest.raises(RequestError, match="need a target with classes"):
        class_weights(truth, Task(TaskKind.REGRESSION, 1, ("y",)), "balanced")
