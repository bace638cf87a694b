"""Bad input: each kind gives one sentence that names it and the way out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import DataError

ROWS = 60


def frame(**changes):
    rng = np.random.default_rng(0)
    columns = {
        "a": rng.normal(size=ROWS),
        "b": rng.choice(["x", "y"], ROWS),
        "t": [f"2024-01-{1 + i % 28:02d}" for i in range(ROWS)],
        "y": rng.choice(["no", "yes"], ROWS),
        "z": rng.normal(size=ROWS),
    }
    return pd.DataFrame({**columns, **changes})


def with_value(column, row, value):
    changed = frame().astype({column: object})
    changed.loc[row, column] = value
    return changed


def wide(rows, columns):
    values = np.random.default_rng(0).normal(size=(rows, columns))
    return pd.DataFrame(values, columns=[f"c{i}" for i in range(columns)]).assign(
        y=np.arange(rows) % 2
    )


BAD = [
    ("one class only", frame(y="yes"), {"target": "y"}, "same value in every row .*two classes"),
    ("a class with one row", with_value("y", 3, "maybe"), {"target": "y"}, "'maybe'.* has 1 row"),
    ("a constant target", frame(z=1.5), {"target": "z"}, "same value in every row"),
    ("an all-missing target", frame(z=np.nan), {"target": "z"}, "lack a value of the target 'z'"),
    (
        "text in a numeric target",
        with_value("z", 3, "many"),
        {"target": "z"},
        r"holds text \('many'\) in 1 of 41 rows, first in row 4",
    ),
    ("infinite values", with_value("a", 3, np.inf), {"target": "y"}, "'a' has infinite values"),
    ("infinite target", with_value("z", 3, -np.inf), {"target": "z"}, "'z' has infinite values"),
    ("huge values", with_value("a", 3, 1e300), {"target": "y"}, "'a' has values beyond"),
    ("more columns than rows", wide(20, 30), {"target": "y"}, "more columns .*--allow-wide"),
    ("too few rows", frame().head(9), {"target": "y"}, "9 rows with a target, too few"),
    ("a column of lists", frame(a=[[1]] * ROWS), {"target": "y"}, "holds a list"),
    ("nothing to learn from", frame()[["t", "y"]].assign(t="x"), {"target": "y"}, "No column is"),
    ("a negative weight", frame(a=-1.0), {"target": "y", "weight": "a"}, "weight column 'a'"),
    ("weights of zero", frame(a=0.0), {"target": "y", "weight": "a"}, "weights of the training"),
    ("a time that is text", frame(), {"target": "y", "split_by_time": "b"}, "neither a number"),
    (
        "a missing time",
        with_value("t", 3, None),
        {"target": "y", "split_by_time": "t"},
        "lacks a value in 1 rows",
    ),
    (
        "a missing group",
        with_value("b", 3, None),
        {"target": "y", "group": "b"},
        "lacks a value in 1 rows",
    ),
    (
        "too few groups",
        frame(),
        {"target": "y", "group": "b"},
        "2 groups, too few for 3 parts: give more groups, no test rows .--test 0., or",
    ),
    (
        "a class that time hides",
        frame(y=["no"] * 55 + ["yes"] * 5, t=range(ROWS)),
        {"target": "y", "split_by_time": "t"},
        "'yes' of 'y' is in no training row",
    ),
    (
        "a column missing in the test rows",
        frame(),
        {"target": "y", "test": frame().drop(columns="b")},
        "test rows have no column 'b'",
    ),
    (
        "a class only in the test rows",
        frame(),
        {"target": "y", "test": frame(y="maybe")},
        "all 60 test rows have classes of 'y' .* such as 'maybe'",
    ),
    (
        "test rows without target",
        frame(),
        {"target": "y", "test": frame(y=None)},
        "all 60 test rows lack",
    ),
    (
        "arrays next to a table",
        frame(),
        {"target": "y", "test": (np.ones((3, 2)), np.ones(3))},
        "some rows came as a table",
    ),
    ("missing in arrays", (np.array([[np.nan], [1.0]] * 20), np.arange(40)), {}, "missing values"),
    ("infinite in arrays", (np.array([[np.inf], [1.0]] * 20), np.arange(40)), {}, "infinite"),
    ("text in arrays", (np.array([["a"], ["b"]] * 20), np.arange(40)), {}, "not numbers"),
    ("equal rows of arrays", (np.ones((40, 2)), np.arange(40)), {}, "all rows of x are the same"),
    ("no columns in arrays", (np.ones((40, 0)), np.arange(40)), {}, "no numbers"),
    (
        "arrays of two shapes",
        (np.ones((40, 2)), np.arange(40)),
        {"test": (np.ones((40, 3)), np.arange(40))},
        "rows of one shape",
    ),
]


@pytest.mark.parametrize(
    ("source", "options", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_is_one_sentence(source, options, message):
    with pytest.raises(DataError, match=f"(?i){message}") as error:
        prepare(DataRequest(source, **options))
    text = str(error.value)
    assert "\n" not in text and text[-1] in ".?" and text[0].isupper()
    assert error.value.exit_code == 2


FILES = [
    ("empty file", b"", "is empty"),
    ("header only", b"a,y\n", "no rows"),
    ("ragged", b"a,y\n" + b"1,2\n" * 20 + b"1,2,3\n", "Line 22 .* has 3 values"),
    ("wrong encoding", b"a,y\n" + b"1,2\n" * 20 + b"\xe9,2\n", "Line 22 .* is not UTF-8"),
    ("duplicate columns", b"a,a,y\n" + b"1,2,3\n" * 20, "are named 'a'"),
    ("target not there", b"a,price\n" + b"1,2\n" * 20, "'y'; .*'price'"),
]


@pytest.mark.parametrize(("content", "message"), [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_bad_files_are_one_sentence(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        prepare(DataRequest(str(tmp_path / "t.csv"), "y"))
    assert "\n" not in str(error.value)


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        prepare(DataRequest(str(tmp_path / "none.csv"), "y"))


def test_useless_columns_are_left_out_and_said():
    data = prepare(DataRequest(frame(empty=None, same=7, unnamed_0=range(ROWS)), "y"))
    left_out = [note for note in data.notes if "is left out" in note]
    assert [note.split("'")[1] for note in left_out] == ["empty", "same", "unnamed_0"]


def test_wide_tables_can_be_insisted_on():
    assert prepare(DataRequest(wide(20, 30), "y", allow_wide=True)).plan.signature.numeric == 30
