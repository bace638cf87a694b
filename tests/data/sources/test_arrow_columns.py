"""Columns of Parquet and Arrow files with parts of their own, as those of a table."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from PIL import Image

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.sources import load
from automl.data.sources.arrow_columns import class_names
from automl.data.sources.parquet_file import images_of
from automl.data.task import TaskKind
from automl.errors import DataError

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
WRITERS: dict[str, Callable[[pa.Table, Path], Any]] = {
    "t.parquet": pq.write_table,
    "t.feather": pyarrow.feather.write_feather,
}


@pytest.fixture(params=WRITERS)
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[pa.Table], pd.DataFrame]:
    def written_and_read(table: pa.Table) -> pd.DataFrame:
        path = tmp_path / request.param
        WRITERS[request.param](table, path)
        frame = load(path).main
        assert isinstance(frame, pd.DataFrame)
        return frame

    return written_and_read


Read = Callable[[pa.Table], pd.DataFrame]


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    pixels[:, :4] = 255 * (seed % 2)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def noted(table: pa.Table, **features: Any) -> pa.Table:
    """A table with what `datasets` notes of its columns."""
    notes = json.dumps({"info": {"features": features}})
    return table.replace_schema_metadata({"huggingface": notes})


def test_an_image_is_its_file(read: Read) -> None:
    rows = [{"bytes": png(i), "path": f"{i}.png"} for i in range(4)]
    rows[2] = {"bytes": None, "path": "2.png"}
    frame = read(pa.table({"img": pa.array(rows, IMAGE), "y": [0, 1, 0, 1]}))
    assert frame["img"].tolist() == [png(0), png(1), None, png(3)]
    assert list(frame.columns) == ["img", "y"]


@pytest.mark.parametrize(
    "kind", [IMAGE, pa.struct([("path", pa.string()), ("bytes", pa.binary())])]
)
def test_images_without_files_are_their_paths(read: Read, kind: pa.DataType) -> None:
    rows = [{"bytes": None, "path": f"{i}.png"} for i in range(3)]
    frame = read(pa.table({"img": pa.array(rows, kind)}))
    assert frame["img"].tolist() == ["0.png", "1.png", "2.png"]


def test_images_are_learnt_from_with_the_names_of_classes(tmp_path: Path) -> None:
    rows = [{"bytes": png(i), "path": None} for i in range(40)]
    table = pa.table({"image": pa.array(rows, IMAGE), "label": [i % 2 for i in range(40)]})
    names = {"_type": "ClassLabel", "names": ["cat", "dog"]}
    pq.write_table(noted(table, label=names, image={"_type": "Image"}), tmp_path / "t.parquet")
    data = prepare(DataRequest(tmp_path / "t.parquet", kind="image"))
    assert data.task.classes == ("cat", "dog")
    assert data.plan.signature.shape == (8, 8, 3)
    assert images_of(tmp_path / "t.parquet") == "image"


def test_only_columns_of_images_make_a_file_one_of_images(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "b": [b"\x89PNG"], "c": [["x"]]}), tmp_path / "t.parquet")
    assert images_of(tmp_path / "t.parquet") == ""
    (tmp_path / "no.parquet").write_bytes(b"PAR1 and nothing more")
    assert images_of(tmp_path / "no.parquet") == images_of(tmp_path / "none.parquet") == ""


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.string()), pa.large_list(pa.large_string()), pa.list_(pa.string(), 2)],
    ids=["list", "large", "fixed"],
)
def test_lists_of_labels_are_tuples(read: Read, kind: pa.DataType) -> None:
    lists = [["cat", "dog"], None, ["dog", "bird"]]
    frame = read(pa.table({"labels": pa.array(lists, kind)}))
    assert frame["labels"].tolist() == [("cat", "dog"), None, ("dog", "bird")]


def test_lists_of_labels_are_a_multilabel_task(tmp_path: Path) -> None:
    lists = [["cat"], ["cat", "dog"], ["dog"], []] * 20
    x = [float(len(one)) + i / 100 for i, one in enumerate(lists)]
    pq.write_table(pa.table({"x": x, "labels": lists}), tmp_path / "t.parquet")
    lines = [json.dumps({"x": a, "labels": b}) for a, b in zip(x, lists, strict=True)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    of_parquet, of_lines = (
        prepare(DataRequest(tmp_path / name, ("labels",))) for name in ("t.parquet", "t.jsonl")
    )
    assert of_parquet.task == of_lines.task
    assert of_parquet.task.kind is TaskKind.MULTILABEL
    np.testing.assert_array_equal(of_parquet.train.target, of_lines.train.target)


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.float32()), pa.list_(pa.float64(), 3), pa.large_list(pa.float32())]
)
def test_lists_of_numbers_are_a_column_for_each_place(read: Read, kind: pa.DataType) -> None:
    vectors = [[0.5, 1.5, 2.5], None, [3.5, None, 4.5]]
    frame = read(pa.table({"v": pa.array(vectors, kind), "y": [1, 2, 3]}))
    assert list(frame.columns) == ["v_0", "v_1", "v_2", "y"]
    assert frame["v_0"].tolist() == [0.5, pytest.approx(np.nan, nan_ok=True), 3.5]
    assert frame["v_1"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([[0.5], [0.5, 1.5]]), "lists of 1 to 2 numbers"),
        (pa.array([[], []], pa.list_(pa.float64())), "lists of 0 to 0 numbers"),
        (pa.array([[[1]]]), "holds values of type list"),
        (pa.array([{"a": 1}]), "holds values of type struct"),
        (pa.array([{"bytes": 1, "path": "x"}]), "holds values of type struct"),
        (pa.StructArray.from_arrays([[b"x"], [b"y"]], ["bytes", "bytes"]), "of type struct"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "holds values of type map"),
    ],
)
def test_what_means_nothing_here_is_refused(read: Read, column: pa.Array, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(pa.table({"odd": column}))


def test_numbers_of_classes_are_read_as_their_names(read: Read) -> None:
    table = pa.table({"y": [0, 1, -1, None], "other": [0, 1, 2, 3], "stance": [0, 1, 0, 1]})
    names = {"_type": "ClassLabel", "names": ["cat", "dog"]}
    missing = {"_type": "ClassLabel", "names": ["none", "for"]}  # one would be no class at all
    words = [{"_type": "Value"}]  # as older versions write lists
    frame = read(noted(table, y=names, other=names, stance=missing, words=words))
    assert frame["y"].tolist() == ["cat", "dog", None, None]
    assert frame["other"].tolist() == ["cat", "dog", "2", "3"]
    assert frame["stance"].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "notes",
    [
        b"{",
        b"[]",
        b"null",
        b'{"info": 3}',
        b'{"info": {"features": {"y": null}}}',
        b'{"info": {"features": {"y": {"_type": "ClassLabel"}}}}',
        b'{"info": {"features": {"y": {"_type": "ClassLabel", "names": ["a", "a"]}}}}',
        b'{"info": {"features": {"y": {"_type": "ClassLabel", "names": [1, 2]}}}}',
        b'{"info": {"features": {"y": {"_type": "ClassLabel", "names": "ab"}}}}',
        b"\xff" + b"[" * 5000,
    ],
)
def test_notes_that_cannot_be_read_name_no_classes(notes: bytes, read: Read) -> None:
    assert class_names({b"huggingface": notes}) == {}
    table = pa.table({"y": [0, 1]}).replace_schema_metadata({b"huggingface": notes})
    assert read(table)["y"].tolist() == [0, 1]


def test_rows_without_a_list_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"v": pa.array([[0.5] * 4096, *[None] * 2000], pa.list_(pa.float32()))})
    monkeypatch.setattr("automl.data.memory.total_memory", lambda: 100e6)
    for name, write in WRITERS.items():
        write(table, tmp_path / name)
        with pytest.raises(DataError, match="of memory"):
            load(tmp_path / name)


def test_sounds_are_no_images(tmp_path: Path) -> None:
    sounds = pa.table({"audio": pa.array([{"bytes": b"RIFF", "path": None}], IMAGE)})
    pq.write_table(noted(sounds, audio={"_type": "Audio"}), tmp_path / "t.parquet")
    assert images_of(tmp_path / "t.parquet") == ""


@pytest.mark.parametrize("name", ["img", "lists", "numbers"])
def test_what_is_stored_once_and_stands_in_every_row_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 3000
    columns = {
        "img": pa.array([{"bytes": b"x" * 20_000, "path": None}] * rows, IMAGE),
        "lists": pa.array([["x" * 20_000]] * rows),
        "numbers": pa.array([[0.5] * 2000] * rows),
    }
    pq.write_table(pa.table({name: columns[name]}), tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 1e6
    monkeypatch.setattr("automl.data.memory.total_memory", lambda: 20e6)
    with pytest.raises(DataError, match="of memory"):
        load(tmp_path / "t.parquet")
