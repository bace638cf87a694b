"""Parquet files of data frames: the file's own columns, whatever pandas noted beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from automl.data.sources import load
from automl.data.sources.parquet_file import read_parquet
from automl.errors import DataError

FRAME = pd.DataFrame({"a": [3.0, 1.0, 2.0], "y": [0, 1, 1]})


def with_notes(path: Path, notes: bytes) -> Path:
    """FRAME in a file, with these notes in place of pandas' own."""
    table = pa.Table.from_pandas(FRAME).replace_schema_metadata({"pandas": notes})
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7, 8, 9], name="id"),
        pd.Index([2, 0, 1]),
        pd.MultiIndex.from_tuples([(1, 2), (3, 4), (5, 6)], names=["i", None]),
        pd.RangeIndex(3),
        pd.CategoricalIndex(["u", "v", "u"], name="cat"),
        pd.CategoricalIndex(["u", "v", "u"]),
    ],
    ids=["named", "unnamed", "two levels", "range", "categories", "unnamed categories"],
)
def test_the_index_of_a_frame_is_no_column(index: pd.Index, tmp_path: Path) -> None:
    FRAME.set_axis(index).to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "t.parquet"), FRAME)


@pytest.mark.parametrize(
    "labels",
    [
        pd.Index([0, 1]),
        pd.timedelta_range("1D", periods=2),
        pd.period_range("2024-01", periods=2, freq="M"),
        pd.CategoricalIndex(["u", "v"]),
        pd.Index([True, False]),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
    ],
    ids=["numbers", "durations", "periods", "categories", "flags", "two levels"],
)
def test_columns_have_the_names_of_the_file(labels: pd.Index, tmp_path: Path) -> None:
    # pandas' own reader fails with durations, periods and categories, and takes both flags for True
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_pandas(FRAME.set_axis(labels, axis=1)), path)
    frame = load(path).main
    assert list(frame.columns) == pq.read_schema(path).names
    assert frame.to_numpy().tolist() == FRAME.to_numpy().tolist()


def test_a_damaged_note_renames_no_column(tmp_path: Path) -> None:
    notes = json.loads(pa.Table.from_pandas(FRAME).schema.metadata[b"pandas"])
    notes["columns"][0]["name"] = "b"
    path = with_notes(tmp_path / "t.parquet", json.dumps(notes).encode())
    pd.testing.assert_frame_equal(read_parquet(path), FRAME)


@pytest.mark.parametrize("notes", [b"{", b"\xff", b"[]", b'{"index_columns": 3}'])
def test_notes_that_cannot_be_read_are_refused(notes: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"t\.parquet' cannot be read as Parquet"):
        read_parquet(with_notes(tmp_path / "t.parquet", notes))
