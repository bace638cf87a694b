"""Every format gives the same rows, packed or not, by what it holds and not by its name alone."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.common.forms import to_form
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.data.sources import load
from automl.errors import DataError, RequestError

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "size": RNG.normal(size=40).round(3),
        "count": np.arange(40),
        "city": [f"c{i % 4}" for i in range(40)],
        "built": pd.date_range("2001-01-01", periods=40, freq="7D"),
        "price": RNG.normal(size=40).round(3),
    }
)
CSV = FRAME.to_csv(index=False).encode()


def parquet_bytes(write):
    out = io.BytesIO()
    write(out)
    return out.getvalue()


def records():
    rows = FRAME.assign(built=FRAME["built"].dt.strftime("%Y-%m-%d")).to_dict("records")
    return [{k: v.item() if hasattr(v, "item") else v for k, v in row.items()} for row in rows]


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def zstandard(content):
    import pyarrow as pa

    return pa.compress(content, "zstd", asbytes=True)


XLSX = parquet_bytes(lambda out: FRAME.to_excel(out, index=False))
FORMATS = {
    "t.csv": CSV,
    "t.tsv": FRAME.to_csv(index=False, sep="\t").encode(),
    "t.parquet": parquet_bytes(lambda out: FRAME.to_parquet(out)),
    "t.feather": parquet_bytes(lambda out: FRAME.to_feather(out)),
    "t.xlsx": XLSX,
    "t.jsonl": "\n".join(map(json.dumps, records())).encode(),
    "t.ndjson": ("\n\n".join(map(json.dumps, records())) + "\n").encode(),
    "t.json": json.dumps(records(), indent=1).encode(),
    "columns.json": json.dumps(
        {name: [row[name] for row in records()] for name in FRAME.columns}
    ).encode(),
    "t.csv.gz": gzip.compress(CSV),
    "t.csv.bz2": bz2.compress(CSV),
    "t.csv.xz": lzma.compress(CSV),
    "t.csv.zst": zstandard(CSV),
    "t.tsv.gz": gzip.compress(FRAME.to_csv(index=False, sep="\t").encode()),
    "t.jsonl.gz": gzip.compress("\n".join(map(json.dumps, records())).encode()),
    "t.zip": zipped(**{"folder/t.csv": CSV, "README.txt": "notes", "__MACOSX/._t.csv": b"\0"}),
    "table.zip": zipped(**{"t.parquet": parquet_bytes(lambda out: FRAME.to_parquet(out))}),
    "inner.zip": zipped(**{"t.csv.gz": gzip.compress(CSV)}),
    # Named as something else than they are.
    "gzip.csv": gzip.compress(CSV),
    "excel.csv": XLSX,
    "parquet.csv": parquet_bytes(lambda out: FRAME.to_parquet(out)),
    "lines.csv": "\n".join(map(json.dumps, records())).encode(),
    "archive.csv": zipped(**{"t.csv": CSV}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_prepared_alike(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FORMATS[name])
    data = prepare(DataRequest(str(path), "price"))
    expected = prepare(DataRequest(FRAME, "price"))
    assert data.plan == expected.plan
    np.testing.assert_array_equal(data.train.inputs["numeric"], expected.train.inputs["numeric"])
    np.testing.assert_array_equal(data.test.truth, expected.test.truth)
    rows, _ = read_rows(str(path), data.plan)
    np.testing.assert_array_equal(
        data.plan.apply(rows)["numeric"], expected.plan.apply(FRAME)["numeric"]
    )
    given = prepare(DataRequest(FRAME, "price", test=str(path), validation=path))
    assert len(given.test) == len(given.validation) == 40


@pytest.mark.parametrize("name", FORMATS)
def test_standard_input_is_known_by_what_it_holds(name, monkeypatch):
    if name.startswith("columns"):
        pytest.skip("the same as t.json")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FORMATS[name])))
    data = prepare(DataRequest("-", "price"))
    assert data.plan == prepare(DataRequest(FRAME, "price")).plan
    assert DataRequest("-").name == "stdin"


def test_rows_of_standard_input_are_not_kept_and_read_once(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV)))
    request = DataRequest("-", "price")
    first = prepare(request)
    with pytest.raises(DataError, match="Nothing came on standard input"):
        prepare(request)
    again = DataRequest.from_json(json.loads(json.dumps(to_form(request))))
    assert not again.can_be_read_again
    with pytest.raises(DataError, match="given on standard input and are not kept"):
        prepare(again)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV)))
    assert prepare(again.with_data("-")).fingerprint == first.fingerprint
    with pytest.raises(RequestError, match="only once"):
        DataRequest("-", "price", test="-")


def test_arrays_come_packed_and_on_standard_input(tmp_path, monkeypatch):
    out = io.BytesIO()
    np.savez(out, x=np.arange(40.0).reshape(20, 2), y=np.arange(20.0))
    (tmp_path / "a.npz.gz").write_bytes(gzip.compress(out.getvalue()))
    assert load(tmp_path / "a.npz.gz").main.x.shape == (20, 2)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(out.getvalue())))
    assert load("-").main.x.shape == (20, 2)


def test_several_tables_in_an_archive_are_named(tmp_path):
    path = tmp_path / "t.zip"
    path.write_bytes(zipped(**{"a.csv": CSV, "b.csv": CSV}))
    with pytest.raises(DataError, match=r"holds 2 tables \('a.csv', 'b.csv'\): unpack it"):
        load(path)
    path.write_bytes(zipped(**{"a.doc": b"x"}))
    with pytest.raises(DataError, match="holds no table: unpack it"):
        load(path)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.csv.zst", "t.zip"])
def test_what_unpacks_to_more_than_the_memory_is_refused(tmp_path, name, monkeypatch):
    packers = {
        ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard,
        ".zip": lambda content: zipped(**{"t.csv": content}),
    }  # fmt: skip
    path = tmp_path / name
    path.write_bytes(packers[path.suffix](b"a,b\n" + b"1,2\n" * 2_000_000))
    assert path.stat().st_size < 100_000
    monkeypatch.setattr("automl.data.memory.total_memory", lambda: 20e6)
    with pytest.raises(DataError, match="of memory, more than a half of"):
        load(path)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.xz", "t.csv.zst", "t.csv.bz2"])
def test_a_cut_file_is_damaged(tmp_path, name):
    (tmp_path / name).write_bytes(FORMATS[name][:-40])
    with pytest.raises(DataError, match=r"cannot be unpacked, for it is cut off or damaged"):
        load(tmp_path / name)


def test_a_workbook_keeps_its_types_and_says_what_it_leaves(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Data"
    sheet.append([None, "code", "when", "n", "f", "e", 2020, None])
    sheet.append([None, "007", pd.Timestamp("2024-05-06").to_pydatetime(), 1, "=1+1", "#N/A", 1.5])
    sheet.append([])
    sheet.append([None, "8", None, 2, "=1+2", 3, None])
    book.create_sheet("Other").append(["x"])
    book.save(tmp_path / "t.xlsx")
    said: list[str] = []
    frame = load(tmp_path / "t.xlsx", say=said.append).main
    assert list(frame.columns) == ["code", "when", "n", "f", "e", "2020"]
    assert frame["code"].tolist() == ["007", "8"] and frame["n"].tolist() == [1, 2]
    assert frame["when"].dtype.kind == "M" and frame["when"].isna().tolist() == [False, True]
    assert "first of 2 sheets, 'Data'" in said[0] and "2 formulas were stored" in said[1]
    named = load(tmp_path / "t.xlsx", names=list("abcdef")).main
    assert list(named.columns) == list("abcdef") and len(named) == 3


def test_a_number_that_excel_shows_with_zeros_in_front_is_a_code(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in (["zip", "id", "n"], [501, 7, 501], [99_501, 12, 99_501]):
        book.active.append(row)
    for column, shown in (("A", "00000"), ("B", "000"), ("C", "0")):
        for row in (2, 3):
            book.active[f"{column}{row}"].number_format = shown
    book.save(tmp_path / "t.xlsx")
    frame = load(tmp_path / "t.xlsx").main
    assert frame["zip"].tolist() == ["00501", "99501"] and frame["id"].tolist() == ["007", "012"]
    assert frame["n"].tolist() == [501, 99_501]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"PK\x03\x04 broken", "cannot be read as Excel"),
        ("t.xlsx", b"a,b\n1,2\n", "named as Excel but holds text"),
        ("t.xls", b"\xd0\xcf\x11\xe0 old", r"old kind \(.xls\): save it as .xlsx"),
        ("t.csv", b"\xd0\xcf\x11\xe0 old", r"old kind \(.xls\)"),
        ("t.csv", b"<!DOCTYPE html><html></html>", "is a web page"),
        ("t.csv", b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
        ("t.feather", b"something else", "cannot be read as Feather"),
        ("t.feather", b"FEA1 old", "Feather of version 1"),
        ("t.h5", b"\x89HDF\r\n", "is an HDF5 file"),
        ("t.tar", b"a.csv" + b"\0" * 252 + b"ustar\x0000", "is a tar archive: unpack it"),
        ("t.csv.gz", gzip.compress(b"a.csv" + b"\0" * 252 + b"ustar", mtime=0), "is a tar archive"),
        ("t.foo", b"a,b\n1,2\n", "is of no known kind: give CSV"),
        ("t.json", b"a,b\n1,2\n", "is not JSON"),
        ("t.jsonl", b'{"a": 1}\n[1]\n', "Line 2 .* holds a list where a record"),
        ("t.jsonl", b'{"a": 1}\n{"a": {"b": 1}}\n', "Line 2 .* holds a dict under 'a'"),
        ("t.jsonl", b'{"a": 1}\n{"a": 1\n', "Line 2 .* is not JSON"),
        ("t.jsonl", b'{"a": 1, "a": 2}\n{"a": 1}\n', "the name 'a' stands twice"),
        ("t.json", b"[" * 100_000, "nested too deeply|is not JSON"),
        ("t.json", b'{"a": [1, 2], "b": [1]}', "differ in length"),
        ("t.json", b'[{"\\ud800": 1}, {"\\ud800": 2}]', "no valid text"),
        ("t.json", b"[]", "holds no records"),
        ("t.csv", b"", "is empty"),
        ("t.parquet", b"", "is empty"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as told:
        load(tmp_path / name)
    assert str(told.value).endswith(".") and "\n" not in str(told.value)


def test_an_opendocument_file_is_refused(tmp_path):
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    (tmp_path / "t.ods").write_bytes(zipped(**{"mimetype": kind, "content.xml": "<a/>"}))
    with pytest.raises(DataError, match=r"OpenDocument file \(ODS\), which is not read: save"):
        load(tmp_path / "t.ods")


def test_records_may_lack_names_and_mix_kinds(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1, "b": "00501"}\n{"a": 2.5, "c": true}\n{"b": 7, "c": null}\n')
    frame = load(path).main
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["a"].isna().tolist() == [False, False, True] and frame["a"].iloc[1] == 2.5
    assert frame["b"].iloc[0] == "00501" and frame["b"].iloc[2] == 7


def test_mutated_files_are_read_or_refused(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("t.xlsx", "t.feather", "t.csv.gz", "t.zip", "t.jsonl"):
        for _ in range(30):
            content = bytearray(FORMATS[name])
            for at in rng.integers(0, len(content), rng.integers(1, 6)):
                content[at] = rng.integers(0, 256)
            path = Path(tmp_path / name)
            path.write_bytes(bytes(content[: rng.integers(1, len(content) + 1)]))
            try:
                load(path)
            except DataError as error:
                assert "\n" not in str(error)
