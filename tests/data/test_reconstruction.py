"""Rows whose inputs are their targets: what is learnt, what is left out, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.data.sources import load
from automl.data.task import Task, TaskKind
from automl.errors import DataError, RequestError

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (60, 4))
FRAME = pd.DataFrame(X, columns=["a", "b", "c", "d"])


def prepared(source: Any, **asked: Any) -> Any:
    return prepare(DataRequest(source, task="reconstruction", **asked))


def test_the_columns_of_a_table_are_its_targets() -> None:
    data = prepared(FRAME.assign(group=range(60)), group="group", ignore="d")
    assert data.task == Task(TaskKind.REGRESSION, 3, ("a", "b", "c"), reconstructs=True)
    assert "reconstruction of a row's 3 numbers" in " ".join(data.notes)
    train = data.train
    scale = data.plan.target_scale
    np.testing.assert_allclose(train.truth, train.target * scale.std + scale.mean, rtol=1e-5)
    assert train.truth.shape == (len(train), 3)


def test_what_a_source_knows_as_its_target_is_left_out() -> None:
    data = prepared("iris")
    assert len(data.task.targets) == 4 and "target" not in data.task.targets
    assert any("'target' is left out" in note for note in data.notes)


@pytest.mark.parametrize("shape", [(60, 4), (60, 5, 2)])
def test_arrays_need_no_targets(shape: tuple[int, ...], tmp_path: Path) -> None:
    x = RNG.normal(size=shape).astype(np.float32)
    np.savez(tmp_path / "x.npz", x=x)
    alone, file, pair = (prepared(source) for source in (x, tmp_path / "x.npz", (x, np.arange(60))))
    for data in (alone, file, pair):
        assert data.task.targets[:2] == ("x_0", "x_1")
        assert data.task.outputs == np.prod(shape[1:])
        known = {tuple(row) for row in x.reshape(60, -1)}
        assert {tuple(row) for row in data.train.truth.astype(np.float32)} <= known
    assert any("targets that came with the arrays" in note for note in pair.notes)


LEFT_OUT = "targets that came with the arrays"


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        (np.zeros((60, 4)), True),  # as large as x, and not x
        (np.arange(60), True),
        (np.array(["a", "b"] * 120).reshape(60, 4), True),
        (X.copy(), False),
        (X.reshape(60, 2, 2), False),
    ],
)
def test_targets_that_are_not_the_inputs_are_said_to_be_left_out(
    beside: Any, told: bool, tmp_path: Path
) -> None:
    np.savez(tmp_path / "xy.npz", x=X, y=beside)
    parts = {"x_train": X, "y_train": X, "x_test": X[:9], "y_test": beside[:9]}
    np.savez(tmp_path / "parts.npz", **parts)
    for source in ((X, beside), tmp_path / "xy.npz", tmp_path / "parts.npz"):
        data = prepared(source)
        assert data.task.outputs == 4
        assert sum(LEFT_OUT in note for note in data.notes) == told, source


def test_gaps_of_the_inputs_are_their_targets_own() -> None:
    x = X.astype(np.float32)
    x[3, 1] = np.nan
    said: list[str] = []
    load((x, x.copy()), say=said.append, reconstructs=True)
    assert not said
    other = x.copy()
    other[4, 1] = np.nan
    load((x, other), say=said.append, reconstructs=True)
    assert LEFT_OUT in said[0]


def test_a_trained_model_is_measured_by_the_inputs_and_says_so() -> None:
    plan = prepared(X).plan
    said: list[str] = []
    for rows in (X, (X, X.copy())):
        _, y = read_rows(rows, plan, say=said.append, reconstructs=True)
        np.testing.assert_array_equal(y, X)
    assert not said
    _, y = read_rows((X, np.zeros((60, 4))), plan, say=said.append, reconstructs=True)
    np.testing.assert_array_equal(y, X)
    assert LEFT_OUT in said[0]


def test_rows_that_lack_a_number_are_left_out() -> None:
    frame = FRAME.copy()
    frame.loc[:4, "b"] = np.nan
    data = prepared(frame)
    rows = sum(len(part) for part in (data.train, data.validation, data.test))
    assert rows == 55


@pytest.mark.parametrize(
    ("source", "asked", "error", "said"),
    [
        (FRAME, {"target": "a"}, RequestError, "leave --target out"),
        (FRAME.assign(word=["x", "y"] * 30), {}, DataError, "'word' holds text"),
        (FRAME, {"class_weight": "balanced"}, RequestError, "Class weights need"),
        (
            RNG.integers(0, 255, (60, 8, 8, 3), np.uint8),
            {"kind": "image"},
            RequestError,
            "an array",
        ),
        ([[1.0, 2.0]] * 9, {}, DataError, "is no source of rows"),
    ],
)
def test_what_cannot_be_reconstructed_is_said(
    source: Any, asked: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        prepared(source, **asked)
