"""Mutated tables (CSV, TSV, Parquet): read as they stand, or refused in one sentence."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from automl.common.forms import from_form, to_form
from automl.data import memory
from automl.data.columns.column import MISSING_TEXTS
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.data.sources import load
from automl.errors import DataError
from tests.faults.mutations import byte_edits, fuzz, mutate, refused
from tests.faults.rounds import rounds

ROWS = 40
#: Of wider tables, which pandas takes a minute to read as texts, only that they are read is asked.
MOST_COLUMNS = 10_000
HEADER = "number,town,day,flag,note,y\n"
TABLE = HEADER + "".join(
    f"{i * 0.5 - 3},{'Bern' if i % 3 else 'Basel'},2024-01-{1 + i % 28:02d},{i % 2 == 0},"
    f'"a, ""b"" {i % 5}",{i % 4}\n'
    for i in range(ROWS)
)
TARGETS = ["y", "number", "town", "flag", -1, 0]


def table(separator: str, line_end: str) -> bytes:
    rows = list(csv.reader(io.StringIO(TABLE)))
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode()


def independent_readings(path: Path, written_with: str) -> Iterator[list[list[str]]]:
    """A text file as pandas' own parser reads it, every cell a text.

    An edit may put in more of another separator than there is of the one the file was written
    with: either may then be what separates its values.
    """
    raw = path.read_bytes()
    text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    text = text.lstrip("\ufeff")
    first = next(line for line in io.StringIO(text, newline="") if line.strip())
    most = max(",\t;|", key=first.count)
    separators = ("\t",) if path.suffix == ".tsv" else dict.fromkeys((most, written_with))
    for separator in separators:
        with contextlib.suppress(pd.errors.ParserError):
            frame = pd.read_csv(
                io.StringIO(text, newline=""), sep=separator, header=None, dtype=str,
                na_filter=False, skipinitialspace=True, engine="c", quotechar='"',
            )  # fmt: skip
            rows = [[str(cell).strip() for cell in row] for row in frame.to_numpy().tolist()]
            rows = [row for row in rows if any(row)]  # a line of blanks is no row
            names = [name or f"unnamed_{i}" for i, name in enumerate(rows[0])]
            yield [names, *rows[1:]]
            yield [names, *(row for row in rows[1:] if not repeats(rows[0], row))]


def repeats(header: list[str], row: list[str]) -> bool:
    """Whether a row is the header once more, under all of its names."""
    return all(cell == name for cell, name in zip(row, header, strict=True) if name)


def assert_sound(data: PreparedData) -> None:
    """What every prepared table must be."""
    for rows in (data.train, data.validation):
        assert len(rows) > 0
        assert rows.inputs.keys() == data.signature.inputs.keys()
        assert all(np.isfinite(x).all() for x in (*rows.inputs.values(), rows.target))
    assert from_form(type(data.plan), to_form(data.plan)) == data.plan
    for name, array in data.plan.apply(data.check).items():
        checked = data.validation.inputs[name][data.check_positions]
        np.testing.assert_array_equal(array, checked)


#: What a note says of rows whose targets training has not shown.
LEFT_OUT = re.compile(r"^target '.*': ([\d,]+) of [\d,]+ (?:validation|test) rows hold ")


def assert_same_targets(data: PreparedData, cells: list[str]) -> None:
    """Each row's target is in one of the parts or named as left out, and none is there twice."""
    given = Counter(cell for cell in cells if cell not in MISSING_TEXTS)
    parts = [data.train, data.validation, *([data.test] if data.test is not None else [])]
    left_out = sum(int(n.replace(",", "")) for note in data.notes for n in LEFT_OUT.findall(note))
    assert sum(len(rows) for rows in parts) + left_out == sum(given.values())
    truth = np.concatenate([rows.truth.reshape(len(rows), -1)[:, 0] for rows in parts])
    if not data.task.classes:
        numbers = [number(c) for c in given.elements() if is_number(c)]
        np.testing.assert_allclose(np.sort(truth), np.sort(numbers))
        return
    assert sorted(Counter(truth.tolist()).values()) == sorted(counted(data, given))


def number(cell: str) -> float:
    return float(re.sub(r"^([-+])\s", r"\1", cell))  # a blank behind a sign is none of the number


def is_number(cell: str) -> bool:
    try:
        number(cell)
    except ValueError:
        return False
    return True


def counted(data: PreparedData, given: Counter[str]) -> list[int]:
    """How many rows each class has, numbers that are spelt in two ways taken together."""
    classes = data.task.classes
    if isinstance(classes[0], str):
        return [count for cell, count in given.items() if cell in classes]
    spelt = {"true": 1.0, "false": 0.0}
    merged: Counter[float] = Counter()
    for cell, count in given.items():
        if cell.lower() in spelt or is_number(cell):
            merged[spelt[cell.lower()] if cell.lower() in spelt else number(cell)] += count
    return [count for value, count in merged.items() if value in classes]


@pytest.mark.parametrize("examples", rounds(20, 1200))
def test_a_mutated_text_table_is_read_as_it_stands_or_refused(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    def check(suffix: str, separator: str, line_end: str, edits: Any, target: str | int) -> None:
        path = tmp_path / f"t.{suffix}"
        path.write_bytes(mutate(table("\t" if suffix == "tsv" else separator, line_end), edits))
        no, loaded = refused(lambda: load(path))
        if no:
            return
        frame = loaded.main
        if len(frame.columns) > MOST_COLUMNS:
            return
        rows = [[str(c).strip() for c in row] for row in frame.to_numpy().tolist()]
        rows = [row for row in rows if any(row)]
        assert [list(frame.columns), *rows] in list(independent_readings(path, separator))
        no, data = refused(lambda: prepare(DataRequest(str(path), target)))
        if not no:
            assert_sound(data)
            name = data.task.targets[0]
            assert_same_targets(data, [str(v).strip() for v in frame[name].tolist()])

    fuzz(
        check, st.sampled_from(["csv", "csv", "tsv"]), st.sampled_from([",", ",", ";", "|"]),
        st.sampled_from(["\n", "\n", "\r\n"]), byte_edits, st.sampled_from(TARGETS),
        examples=examples, moments=moments,
    )  # fmt: skip


def parquet(compression: str, checksums: bool, groups: int) -> bytes:
    """A table in Parquet, with pandas' own notes in the file."""
    frame = pd.read_csv(io.StringIO(TABLE))
    frame["when"] = pd.to_datetime(frame["day"])
    frame["kind"] = frame["town"].astype("category")
    content = io.BytesIO()
    pq.write_table(
        pa.Table.from_pandas(frame), content, compression=compression, row_group_size=groups,
        write_page_checksum=checksums,
    )  # fmt: skip
    return content.getvalue()


def shown(column: pd.Series) -> list[Any]:
    """The values that are read, None where one is missing; a date as its ticks since 1970."""
    values = column.astype("int64") if column.dtype.kind == "M" else column
    return list(values.astype(object).where(column.notna(), None))


def stored(column: pa.ChunkedArray) -> list[Any]:
    """The values of a file in the same form: Python's own dates end in the year 9999."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return [None if v != v else v for v in column.to_pylist()]


@pytest.mark.parametrize("examples", rounds(25, 800))
def test_a_mutated_parquet_file_is_read_as_it_stands_or_refused(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    path = tmp_path / "t.parquet"

    def check(compression: str, groups: int, edits: Any, target: str | int) -> None:
        path.write_bytes(mutate(parquet(compression, False, groups), edits))
        no, loaded = refused(lambda: load(path))
        if no:
            return
        # Not the way of pandas, whose notes in the file say which column is the index.
        expected = pq.ParquetFile(path).read()
        assert list(loaded.main.columns) == expected.column_names
        for name in loaded.main.columns:
            assert shown(loaded.main[name]) == stored(expected.column(name))
        no, data = refused(lambda: prepare(DataRequest(str(path), target)))
        if not no:
            assert_sound(data)

    fuzz(
        check, st.sampled_from(["none", "snappy", "gzip", "zstd"]), st.sampled_from([7, 1000]),
        byte_edits, st.sampled_from(TARGETS), examples=examples, moments=moments,
    )  # fmt: skip


@pytest.mark.parametrize("examples", rounds(25, 500))
def test_a_flipped_byte_in_a_parquet_page_with_a_checksum_is_never_another_value(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    path = tmp_path / "t.parquet"
    contents = {c: parquet(c, True, 1000) for c in ("none", "snappy")}
    path.write_bytes(contents["none"])
    whole = load(path).main

    def check(compression: str, share: float, mask: int) -> None:
        content = contents[compression]
        footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        at = int(share * (footer - 1))
        path.write_bytes(content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :])
        no, loaded = refused(lambda: load(path))
        if not no:
            pd.testing.assert_frame_equal(loaded.main, whole)

    fuzz(
        check, st.sampled_from(["none", "snappy"]), st.floats(0, 1), st.integers(1, 255),
        examples=examples, moments=moments,
    )  # fmt: skip


def odd_columns() -> dict[str, pa.Array]:
    """A column of every type that Arrow can write into a Parquet file."""
    whole = list(range(ROWS))
    texts = [f"t{i % 4}" for i in whole]
    types = (
        pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float16(),
        pa.float32(), pa.float64(), pa.bool_(), pa.date32(), pa.date64(), pa.time32("s"),
        pa.time32("ms"), pa.time64("us"), pa.time64("ns"), pa.timestamp("s"),
        pa.timestamp("ns", "Europe/Zurich"), pa.timestamp("us", "+02:00"), pa.duration("us"),
        pa.decimal128(12, 3), pa.decimal256(60, 3),
    )  # fmt: skip
    columns = {}
    for kind in types:
        try:
            columns[str(kind)] = pa.array(whole, kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
            columns[str(kind)] = pa.array(whole, pa.int64()).cast(kind, safe=False)
    return columns | {
        "null": pa.nulls(ROWS),
        "some nulls": pa.array([None if i % 3 else i for i in whole]),
        "nan and null": pa.array([(None, np.nan, i)[i % 3] for i in whole]),
        "large string": pa.array(texts, pa.large_string()),
        "view": pa.array(texts, pa.string_view()),
        "binary": pa.array([t.encode() for t in texts]),
        "odd binary": pa.array([bytes([i % 4, 255]) for i in whole]),
        "fixed": pa.array([t.encode() for t in texts], pa.binary(2)),
        "dictionary": pa.array(texts).dictionary_encode(),
        "numbers by dictionary": pa.array([i % 4 for i in whole]).dictionary_encode(),
        "far dates": pa.array([f"{9000 + i}-01-01" for i in whole]).cast(pa.timestamp("s")),
        "list": pa.array([[i] for i in whole]),
        "struct": pa.array([{"a": i} for i in whole]),
        "map": pa.array([[("k", i)] for i in whole], pa.map_(pa.string(), pa.int64())),
        "empty": pa.array([""] * ROWS),
        "huge": pa.array([i * 10**15 for i in whole]),
        "infinite": pa.array([float("inf")] * ROWS),
    }  # fmt: skip


@pytest.mark.parametrize("name", odd_columns())
@pytest.mark.parametrize("role", ["feature", "target"])
def test_a_parquet_column_of_any_type_is_used_or_refused(
    name: str, role: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.parquet"
    other = pa.array([float(i % 7) if role == "feature" else i % 5 + 0.5 for i in range(ROWS)])
    more = pa.array([i % 3 for i in range(ROWS)])
    pq.write_table(pa.table({"odd": odd_columns()[name], "other": other, "more": more}), path)
    target = "other" if role == "feature" else "odd"
    no, data = refused(lambda: prepare(DataRequest(str(path), target)))
    if not no:
        assert_sound(data)


# ---- files that would burst the memory


def test_a_text_larger_than_the_memory_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,y\n1,2\n")
    os.truncate(path, 1 << 42)  # no byte of it is on the disk
    with pytest.raises(DataError, match=r"12,288\.0 GiB of memory"):
        load(path)


@pytest.mark.parametrize("arrow", [True, False], ids=["Arrow's type", "plain type"])
def test_a_text_stored_once_for_a_million_rows_is_refused(arrow: bool, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    texts = pa.DictionaryArray.from_arrays(np.zeros(10**6, np.int32), pa.array(["x" * 10**6]))
    pq.write_table(pa.table({"a": texts}), path, store_schema=arrow)
    assert path.stat().st_size < 10**7
    with pytest.raises(DataError, match=r"931\.\d GiB of memory"):
        load(path)


def test_a_parquet_file_with_more_rows_than_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.zeros(10**6), "y": np.zeros(10**6)}), path)
    assert path.stat().st_size < 10**5
    monkeypatch.setattr(memory, "total_memory", lambda: 2.0**24)
    with pytest.raises(DataError, match=r"more than a half of the 0\.0 GiB"):
        load(path)
