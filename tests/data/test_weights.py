"""Weights of rows: a column or an array, in scores and in the loss, and never all 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.common.forms import to_form
from automl.data.arrays import open_arrays, save_arrays
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.task import Task, TaskKind
from automl.data.weights import check_weights
from automl.errors import DataError, RequestError

ROWS = 120


def table(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a": rng.normal(size=ROWS),
            "b": rng.normal(size=ROWS),
            "y": rng.choice(["no", "yes"], ROWS),
            "w": rng.uniform(0.5, 2.0, ROWS),
        }
    )


def test_class_weights_count_in_the_loss_only(tmp_path: Any) -> None:
    plain = prepare(DataRequest(table(), "y", weight="w"))
    both = prepare(DataRequest(table(), "y", weight="w", class_weight={"yes": 3.0}))
    np.testing.assert_array_equal(both.train.weight, plain.train.weight)
    assert plain.train.loss_weight is None and both.validation.loss_weight is None
    factor = np.where(both.train.truth[:, 0] > 0, 3.0, 1.0)
    np.testing.assert_allclose(both.train.loss_weight, both.train.weight * factor, rtol=1e-6)
    opened = open_arrays(save_arrays(both, tmp_path / "arrays"))
    np.testing.assert_array_equal(opened.train.loss_weight, both.train.loss_weight)
    only = prepare(DataRequest(table(), "y", class_weight={"yes": 3.0}, ignore="w"))
    assert only.train.weight is None
    np.testing.assert_allclose(only.train.loss_weight, np.where(only.train.truth[:, 0] > 0, 3, 1))


@pytest.mark.parametrize("form", ["array", "series", "list", "column"])
def test_weights_in_memory_are_those_of_a_column(form: str) -> None:
    frame = table()
    frame.loc[3, "y"] = None  # left out, and its weight with it
    values = frame["w"].to_numpy()
    given: Any = {
        "array": values,
        "series": pd.Series(values, index=np.arange(ROWS)[::-1]),  # by position, as the rows are
        "list": list(values),
        "column": values[:, None],
    }[form]
    expected = prepare(DataRequest(frame, "y", weight="w"))
    found = prepare(DataRequest(frame.drop(columns="w"), "y", weight=given))
    for part in ("train", "validation", "test"):
        np.testing.assert_allclose(getattr(found, part).weight, getattr(expected, part).weight)
    assert found.fingerprint != prepare(DataRequest(frame.drop(columns="w"), "y")).fingerprint


def test_arrays_can_be_weighted() -> None:
    x, y = np.arange(240.0).reshape(ROWS, 2), np.tile([0, 1], ROWS // 2)
    weight = np.arange(1.0, ROWS + 1)
    request = DataRequest((x, y), weight=weight)
    data = prepare(request)
    raw = (
        data.train.inputs["numeric"][:, 0] * data.plan.signature.std[0]
        + data.plan.signature.mean[0]
    )
    np.testing.assert_allclose(data.train.weight, raw / 2 + 1, rtol=1e-3)
    assert not request.can_be_read_again
    form = to_form(request)
    assert form["weight"] == {"in memory": "weights"}
    with pytest.raises(DataError, match="no longer there"):
        prepare(DataRequest.from_json(form).with_data((x, y)))


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (np.ones(ROWS - 1), "shape .119,., but there are 120 rows"),
        (np.ones((ROWS, 2)), "shape"),
        (["a"] * ROWS, "no numbers"),
        (np.r_[np.ones(ROWS - 1), -1.0], "weight of row 120 is -1"),
        (np.r_[np.nan, np.ones(ROWS - 1)], "weight of row 1 is nan"),
        (np.zeros(ROWS), "All weights of the training rows are 0"),
    ],
)
def test_weights_that_are_none_are_refused(weight: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        prepare(DataRequest(table().drop(columns="w"), "y", weight=weight))


def test_rows_of_another_source_need_a_column() -> None:
    frame = table().drop(columns="w")
    with pytest.raises(DataError, match="as a column of all of them"):
        prepare(DataRequest(frame, "y", weight=np.ones(ROWS), test=frame[:20]))


def test_sample_weight_is_another_word_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import automl

    seen: list[Any] = []

    def catch(request: Any, *_: Any, **__: Any) -> None:
        seen.append(request)
        raise RequestError("caught")

    monkeypatch.setattr("automl.tuning.search.start_search", catch)
    weight = np.ones(ROWS)
    with pytest.raises(RequestError, match="caught"):
        automl.search(table(), "y", sample_weight=weight)
    assert seen[0].data.weight is weight


def test_positives_that_all_weigh_nothing_are_told_before_the_first_trial() -> None:
    frame = table()
    frame["w"] = np.where(frame["y"] == "yes", 0.0, 1.0)
    with pytest.raises(DataError, match="All training rows of the class 'yes' have the weight 0"):
        prepare(DataRequest(frame, "y", weight="w"))


BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
CLASSES = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
LABELS = Task(TaskKind.MULTILABEL, 2, ("red", "blue"))
NUMBERS = Task(TaskKind.REGRESSION, 1, ("y",))


@pytest.mark.parametrize(
    ("task", "truth", "weight", "said"),
    [
        (BINARY, [[0], [1], [1]], [0, 1, 1], "of the class 'no'"),
        (CLASSES, [0, 1, 2, 2], [1, 1, 0, 0], "of the class 'c'"),
        (LABELS, [[1, 0], [0, 1]], [1, 0], "without the label 'red'"),
        (LABELS, [[1, 1], [1, 0]], [0, 1], "with the label 'blue'"),
        (NUMBERS, [[1.0], [2.0]], [0, 0], "All weights of the rows are 0"),
    ],
)
def test_what_weighs_nothing_is_named(task: Task, truth: Any, weight: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        check_weights(np.array(truth), np.array(weight, float), task, "rows")
    notes: list[str] = []
    if task is not NUMBERS:
        check_weights(np.array(truth), np.array(weight, float), task, "test rows", notes.append)
        assert len(notes) == 1 and said in notes[0]


def test_a_class_that_is_not_there_is_no_matter_of_weights() -> None:
    check_weights(np.array([0, 1, 1]), np.ones(3), CLASSES, "rows")
    check_weights(np.array([0, 1, 1]), None, CLASSES, "rows")


@pytest.mark.parametrize("weight", [1e30, 1e-30])
def test_weights_out_of_the_range_of_single_precision_are_refused(weight: float) -> None:
    frame = table().assign(w=weight)
    for given in ("w", frame["w"].to_numpy()):
        rows = frame if isinstance(given, str) else frame.drop(columns="w")
        with pytest.raises(DataError, match=r"largest weight is 1e[+-]30.* multiply all"):
            prepare(DataRequest(rows, "y", weight=given))
    with pytest.raises(RequestError, match="from 1e-18 to"):
        prepare(DataRequest(frame, "y", ignore="w", class_weight={"yes": weight}))
