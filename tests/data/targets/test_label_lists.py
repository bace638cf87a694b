"""Lists of labels as a target: an output for each label of the training rows, or one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.common.forms import read_form, to_form
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.data.targets.encode import encode_targets
from automl.data.task import Task, TaskKind
from automl.errors import DataError
from automl.export.predict import prediction_frame

ROWS = 80


def records(labels_of: Any, rows: int = ROWS) -> list[dict[str, Any]]:
    return [{"age": 1.5 * i + i % 3, "b": i % 7, "labels": labels_of(i)} for i in range(rows)]


def written(folder: Path, rows: list[dict[str, Any]], name: str = "t.jsonl") -> Path:
    path = folder / name
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        path.write_text(json.dumps(rows))
    return path


def prepared(folder: Path, labels_of: Any, **asked: Any) -> PreparedData:
    return prepare(
        DataRequest(written(folder, records(labels_of)), **{"target": "labels", **asked})
    )


def two(i: int) -> list[str]:
    return ["cat"] * (i % 2) + ["dog"] * (i % 3 == 0)


@pytest.mark.parametrize("form", ["t.jsonl", "t.json", "columns.json", "frame", "sets", "arrays"])
def test_each_label_of_the_training_rows_is_an_output(tmp_path: Path, form: str) -> None:
    rows = records(two)
    source: Any
    if form == "columns.json":
        source = tmp_path / form
        source.write_text(json.dumps({name: [row[name] for row in rows] for name in rows[0]}))
    elif form.endswith(("l", "n")):
        source = written(tmp_path, rows, form)
    else:
        made = {"frame": list, "sets": set, "arrays": np.array}[form]
        source = pd.DataFrame([{**row, "labels": made(row["labels"])} for row in rows])
    data = prepare(DataRequest(source, "labels", cv="none"))
    assert data.task == Task(TaskKind.MULTILABEL, 2, ("cat", "dog"), lists="labels")
    assert any("'cat', 'dog'), because 'labels' holds lists of labels" in n for n in data.notes)
    apart = pd.DataFrame([{k: row[k] for k in ("age", "b", "cat", "dog")} for row in _apart(rows)])
    columns = prepare(DataRequest(apart, ("cat", "dog"), cv="none"))
    for part in ("train", "validation", "test"):
        one, other = getattr(data, part), getattr(columns, part)
        np.testing.assert_array_equal(one.truth, other.truth)
        np.testing.assert_array_equal(one.inputs["numeric"], other.inputs["numeric"])


def _apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with a column of 0 and 1 for each label."""
    return [
        {**row, **{label: int(label in row["labels"]) for label in ("cat", "dog")}} for row in rows
    ]


def test_labels_come_back_as_named_columns(tmp_path: Path) -> None:
    task = prepared(tmp_path, two).task
    assert read_form(Task, json.loads(json.dumps(to_form(task)))) == task
    frame = prediction_frame(task, np.array([[0.9, 0.1]]))
    assert list(frame.columns) == [
        "prediction_cat", "probability_cat", "prediction_dog", "probability_dog",
    ]  # fmt: skip
    assert frame["prediction_cat"].item() == 1 and frame["prediction_dog"].item() == 0


def test_labels_that_no_training_row_has_are_counted_and_named(tmp_path: Path) -> None:
    rows = [{**row, "labels": [*row["labels"], *["zebra"] * (i < 3), *["dogs"] * (i == 7)]}
            for i, row in enumerate(records(two, 20))]  # fmt: skip
    data = prepared(tmp_path, two, test=str(written(tmp_path, rows, "test.jsonl")))
    assert data.task.targets == ("cat", "dog") and data.test is not None and len(data.test) == 20
    np.testing.assert_array_equal(
        data.test.truth, [["cat" in two(i), "dog" in two(i)] for i in range(20)]
    )
    assert any(
        "4 of 20 test rows hold labels that no training row has: 'zebra' (3), 'dogs' (1), "
        "first in row 1" in note for note in data.notes
    )  # fmt: skip


def test_rows_to_score_have_lists_or_a_column_for_each_label(tmp_path: Path) -> None:
    task = prepared(tmp_path, two).task
    notes: list[str] = []
    frame = pd.DataFrame({"labels": [("dog",), (), None, ("cat", "dog")]})
    truth, known = encode_targets(frame, task, notes.append)
    np.testing.assert_array_equal(known, [True, True, False, True])
    np.testing.assert_array_equal(truth[known], [[0, 1], [0, 0], [1, 1]])
    assert "1 row without a value of the target 'labels' is left out" in notes
    truth, known = encode_targets(pd.DataFrame({"cat": [1, 0], "dog": [0, 0]}), task)
    assert known.all() and truth.tolist() == [[1, 0], [0, 0]]
    for rows in ({"labels": ["dog", "cat"]}, {"labels": [1, 0]}):
        with pytest.raises(DataError, match=r"holds lists of labels, but .* in row 1"):
            encode_targets(pd.DataFrame(rows), task)
    with pytest.raises(DataError, match="have no target column 'labels'"):
        encode_targets(pd.DataFrame({"cat": [1]}), task)


@pytest.mark.parametrize(
    ("labels_of", "outputs", "said"),
    [
        (lambda i: [["a", "a"], ["b", "a"]][i % 2], ("a", "b"), "stands twice in one list"),
        (lambda i: [i % 3, 10], ("0", "1", "2", "10"), "label '10' of 'labels' holds in all"),
        (lambda i: [["x", 2.0], [2]][i % 2], ("2", "x"), "label '2'"),
        (lambda i: ["a"] * (i % 2), ("a",), "task: 1 label (multilabel) ('a')"),
        (lambda i: ["abc"[i % 3]], ("a", "b", "c"), "each list has one label"),
        (lambda i: None if i % 5 == 4 else two(i), ("cat", "dog"), "16 rows without a value"),
        (lambda i: [" NA ", "b"][: 1 + i % 2], ("NA", "b"), "'NA', 'b'"),
        (lambda i: [10**400][: i % 2], (str(10**400),), "1 label"),
    ],
)
def test_odd_lists_that_can_be_learnt(
    tmp_path: Path, labels_of: Any, outputs: tuple[str, ...], said: str
) -> None:
    data = prepared(tmp_path, labels_of)
    assert data.task.targets == outputs and data.train.truth.shape[1] == len(outputs)
    assert any(said in note for note in data.notes)


@pytest.mark.parametrize(
    ("labels_of", "message"),
    [
        (lambda i: "a" if i == 4 else ["b"], "but 'a' in row 5: give a list in every row"),
        (lambda i: 3 if i == 4 else ["b"], "but 3 in row 5: give a list in every row"),
        (lambda i: [["a"]] if i == 4 else ["b"], r"holds \['a'\] in a list in row 5"),
        (lambda i: [None] if i == 4 else ["b"], "holds null in a list in row 5"),
        (lambda i: [{"a": 1}], "holds {'a': 1} in a list in row 1"),
        (lambda i: ["a", " "], "holds an empty text in a list in row 1"),
        (lambda i: [True], "holds True in a list in row 1"),
        (lambda i: [i + 0.5], r"holds the number 0\.5 in a list in row 1"),
        (lambda i: [i % 2, 1, 0], "lists of 3 times 0 or 1, whose labels have no names"),
        (lambda i: [i % 2 == 0, True], "lists of 2 times 0 or 1, whose labels have no names"),
        (lambda i: [], "holds empty lists alone"),
        (lambda i: ["a", "b"], r"the same labels \(a, b\) in every training row"),
        (lambda i: [f"x{i}", f"y{i}"], "look like identifiers"),
    ],
)
def test_odd_lists_that_are_refused(tmp_path: Path, labels_of: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as told:
        prepared(tmp_path, labels_of)
    assert "\n" not in str(told.value) and str(told.value).endswith(".")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"task": "regression"}, "regression was asked for"),
        ({"task": "multiclass"}, "multiclass was asked for"),
        ({"target": ("labels", "age")}, "there can be no other target"),
        ({"target": "age"}, "'labels' holds a list in row 1, .*--ignore"),
        ({"target": "age", "group": "labels"}, "'labels' holds a list in row 1"),
        ({"target": "age", "weight": "labels"}, "'labels' holds a list in row 1"),
        ({"target": (), "task": "reconstruction"}, "'labels' holds a list in row 1"),
    ],
)
def test_lists_where_something_else_was_expected(
    tmp_path: Path, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        prepared(tmp_path, two, **asked)


def test_lists_in_columns_that_are_left_out_are_nobodys_matter(tmp_path: Path) -> None:
    data = prepared(tmp_path, two, target="age", ignore="labels", task="regression")
    assert data.task.targets == ("age",)
    lists = [{"age": 1.0, "b": [i], "labels": i} for i in range(3)]
    rows, _ = read_rows(written(tmp_path, lists, "new.jsonl"), data.plan)
    with pytest.raises(DataError, match="'b' holds a list in row 1"):
        data.plan.apply(rows)


def test_lists_in_other_rows_than_the_training_rows(tmp_path: Path) -> None:
    lists = str(written(tmp_path, records(two), "lists.jsonl"))
    plain = str(written(tmp_path, records(lambda i: "ab"[i % 2]), "plain.jsonl"))
    with pytest.raises(DataError, match="test rows hold lists in the target 'labels'"):
        prepare(DataRequest(plain, "labels", test=lists))
    with pytest.raises(DataError, match="holds lists of labels, but 'a' in row 1"):
        prepare(DataRequest(lists, "labels", test=plain))


@pytest.mark.parametrize("asked", [{"cv": 4}, {"holdout": "reshuffle"}, {"group": "age"}])
def test_every_division_has_the_same_labels(tmp_path: Path, asked: dict[str, Any]) -> None:
    data = prepared(tmp_path, two, **asked)
    assert data.task.targets == ("cat", "dog") and data.train.truth.shape[1] == 2


def test_few_rows_of_the_labels_0_and_1_are_no_indicators(tmp_path: Path) -> None:
    def labels_of(i: int) -> list[int]:
        return [[0, 1], [2], [1], []][i % 4]

    few = str(written(tmp_path, records(lambda i: [0, 1], 2), "few.jsonl"))
    data = prepared(tmp_path, labels_of, test=few)
    assert data.test is not None and data.test.truth.tolist() == [[1, 1, 0]] * 2
    truth, _ = encode_targets(pd.DataFrame({"labels": [(0, 1)]}), data.task)
    assert truth.tolist() == [[1, 1, 0]]
