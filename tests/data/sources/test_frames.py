"""Rows in memory: what is masked is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.sources.frames import checked_pair, table_of_pair
from automl.errors import DataError


def test_masked_values_are_missing():
    x, mask = np.arange(20.0).reshape(10, 2), np.zeros((10, 2), bool)
    mask[3, 1] = True
    y = np.ma.masked_array(np.arange(10), mask=[i == 4 for i in range(10)])
    pair = checked_pair(np.ma.masked_array(x, mask), y)
    assert np.isnan(pair.x[3, 1]) and np.isnan(pair.x).sum() == 1
    assert np.isnan(pair.y[4]) and pair.y[5] == 5
    labels = checked_pair(x, np.ma.masked_array(["a", "b"] * 5, mask=mask[:, 1])).y
    assert labels[3] is None and labels[4] == "a"
    plain = np.ma.masked_array(np.arange(10))
    assert checked_pair(x, plain).y.dtype == plain.dtype


A, B = np.arange(12.0).reshape(6, 2), np.arange(6)
RAGGED = [[1, 2]] * 5 + [[1]]


class Guarded:
    """As a tensor that must be asked otherwise for its numbers."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("call detach first")


@pytest.mark.parametrize(
    ("x", "y", "columns", "target"),
    [
        ({"a": A, "b": B}, B, ["a_0", "a_1", "b", "target"], ("target",)),
        ({"a": A[:, :1]}, A, ["a", "target_0", "target_1"], ("target_0", "target_1")),
        (
            pd.DataFrame({"age": B, "town": list("xyxyxy")}),
            B,
            ["age", "town", "target"],
            ("target",),
        ),
        (pd.DataFrame(A), pd.Series(B, name="price"), ["0", "1", "price"], ("price",)),
        (pd.DataFrame(A), pd.Series(B, index=B + 7), ["0", "1", "target"], ("target",)),
        (pd.DataFrame({"u": B}), pd.DataFrame({"p": B, "q": B}), ["u", "p", "q"], ("p", "q")),
    ],
)
def test_features_by_name_are_a_table(x: Any, y: Any, columns: list[str], target: tuple[str, ...]):
    table, names = table_of_pair(x, y)
    assert list(table.columns) == columns
    assert names == target
    assert not table.isna().any(axis=None)
    assert len(table) == 6


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([A, A], B, "x holds 2 arrays: give those of a model with several inputs as a dictionary"),
        (A, (B, B), "y holds 2 arrays: give one"),
        (A, [A, B, B], "y holds 3 arrays"),
        (A, {"c": B, "r": B}, "y holds 2 arrays"),
        ({"a": A}, {"c": B, "r": B}, "y holds 2 arrays"),
        ({"a": A}, (B, B), "y holds 2 arrays"),
        ({"a": A, "b": B[:4]}, B, "have 4 and 6 rows"),
        ({"a": A, "b": B[:0]}, B, "have 0 and 6 rows"),
        ({"a": A.reshape(6, 2, 1)}, B, "'a' of x has the shape"),
        ({"a": A}, B[:4], "x has 6 rows and y has 4"),
        ({"target": A[:, 0]}, B, "Two columns of x and y are named 'target'"),
        ({}, B, "x has 0 rows"),
        (pd.DataFrame({"u": B}), A.reshape(6, 2, 1), "y has the shape"),
        (pd.DataFrame({"u": B}), 3, "y has the shape"),
        ({"a": A, "a_0": B}, B, "Two columns of x are named 'a_0'"),
        ({1: B, "1": A[:, 0]}, B, "Two columns of x are named '1'"),
        (RAGGED, B, r"made of what was given for x \(.*give rows of one length"),
        (A, RAGGED, r"made of what was given for y \("),
        (pd.DataFrame({"u": B}), RAGGED, r"made of what was given for y \("),
        ({"a": RAGGED}, B, r"made of what was given for the array 'a' of x \("),
        ({"a": Guarded()}, B, "the array 'a' of x .call detach first"),
        (A, Guarded(), r"for y \(call detach first"),
        ([A, A], np.array(3), "one has no rows"),
        (csr_matrix(A), B, "A sparse matrix was given for x: give its toarray"),
        (pd.DataFrame({"u": B}), csr_matrix(A), "A sparse matrix was given for y"),
        ([A, A], csr_matrix(A), "x holds 2 arrays"),
        (A + 1j, B, "for x are of the type complex128"),
        (pd.DataFrame({"u": B}), np.zeros(6, [("p", float)]), "for y are of the type"),
    ],
)
def test_what_is_no_pair_is_said(x: Any, y: Any, told: str):
    with pytest.raises(DataError, match=told):
        table_of_pair(x, y) if isinstance(x, dict | pd.DataFrame) else checked_pair(x, y)


def test_rows_as_lists_are_rows():
    assert checked_pair(list(A), list(B)).x.shape == (6, 2)
    assert checked_pair([[1, 2]] * 6, [0] * 6).x.shape == (6, 2)
    square = checked_pair([A[:, 0]] * 6, B)  # six rows of six numbers
    assert square.x.shape == (6, 6)


@pytest.mark.parametrize("kind", ["array", "texts", "target", "feature"])
def test_half_a_surrogate_pair_in_memory_leaves_a_mark(kind: str) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    words = np.array(["a\udcff", "b"], object)[np.arange(60) % 2]
    table = pd.DataFrame(x, columns=["p", "q"])
    table["word"] = pd.Series(words, dtype=object)
    table["y"] = np.arange(60) % 2
    source: Any = {"array": (x, words), "texts": (x, words.astype(str))}.get(kind, table)
    data = prepare(DataRequest(source, {"target": ("word",), "feature": ("y",)}.get(kind, ())))
    known = data.task.classes if kind != "feature" else data.plan.inputs.features[-1].vocabulary
    assert sorted(known) == ["a?", "b"]
    assert table["word"][0] == "a\udcff"  # the person's own table stays what it is


@pytest.mark.parametrize(
    "y",
    [
        np.array([b"a", b"\xc3\xa4"] * 6),
        np.array([b"a", b"\xc3\xa4"] * 6, object),
        np.array([b"a", "ä"] * 6, object),
        np.array([[b"a"], [b"\xc3\xa4"]] * 6),
    ],
)
def test_labels_of_bytes_are_texts(y: np.ndarray) -> None:
    x = np.arange(24.0).reshape(12, 2)
    assert list(checked_pair(x, y).y) == ["a", "ä"] * 6
    assert list(table_of_pair({"x": x}, y)[0]["target"]) == ["a", "ä"] * 6
