"""Tables that name images: paths, and beside them classes, labels or numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.data.targets.encode import encode_targets
from automl.data.task import TaskKind
from automl.errors import DataError
from automl.vocabulary.inputs import IMAGE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for number in range(60):
        pixels = rng.integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
    return tmp_path


def table(rows: int = 60) -> pd.DataFrame:
    numbers = np.arange(rows)
    return pd.DataFrame(
        {
            "path": [f"images/{number}.png" for number in numbers],
            "kind": np.where(numbers % 3 == 0, "a", "b"),
            "size": numbers * 0.5,
            "patient": numbers // 4,
        }
    )


def test_the_column_beside_the_paths_is_the_target(folder: Path) -> None:
    table()[["path", "kind"]].to_csv(folder / "list.csv", index=False)
    data = prepare(DataRequest(folder / "list.csv", kind=IMAGE))
    assert data.task.classes == ("a", "b") and data.train.inputs[IMAGE].shape[1:] == (6, 8, 3)
    name = data.check.files[0]
    np.testing.assert_array_equal(data.check.x[0], np.asarray(Image.open(folder / name)))


def test_other_files_of_the_same_names_are_other_data(folder: Path) -> None:
    table()[["path", "kind"]].to_csv(folder / "list.csv", index=False)
    request = DataRequest(folder / "list.csv", kind=IMAGE)
    first = prepare(request).fingerprint
    assert prepare(request).fingerprint == first
    Image.new("RGB", (8, 6)).save(folder / "images" / "3.png")
    assert prepare(request).fingerprint != first


def test_numbers_labels_and_groups(folder: Path) -> None:
    table().to_json(folder / "list.jsonl", orient="records", lines=True)
    asked = {"kind": IMAGE, "group": "patient"}
    data = prepare(DataRequest(folder / "list.jsonl", target="size", **asked))  # type: ignore[arg-type]
    assert data.task.kind is TaskKind.REGRESSION
    trained = set(data.train.truth[:, 0] * 2 // 4)
    assert not trained & set(data.validation.truth[:, 0] * 2 // 4)  # no patient is in both
    two = table().assign(first=table().kind == "a", second=table().index % 2 == 0)
    two[["path", "first", "second"]].to_csv(folder / "labels.csv", index=False)
    labels = DataRequest(folder / "labels.csv", target=("first", "second"), kind=IMAGE)
    assert prepare(labels).task.kind is TaskKind.MULTILABEL


def test_lists_of_labels_beside_columns_of_other_lists(folder: Path) -> None:
    lists = [["a"] * (number % 2) + ["b"] * (number % 3 == 0) for number in range(60)]
    boxes = [[[number, 1], [2, 3]] for number in range(60)]
    whole = table()[["path"]].assign(labels=lists, boxes=boxes)
    whole.to_json(folder / "list.jsonl", orient="records", lines=True)
    data = prepare(DataRequest(folder / "list.jsonl", target="labels", kind=IMAGE))
    assert data.task.kind is TaskKind.MULTILABEL and data.task.targets == ("a", "b")
    files = [int(Path(name).stem) for name in data.check.files]
    truth = [["a" in lists[number], "b" in lists[number]] for number in files]
    np.testing.assert_array_equal(data.validation.truth[data.check_positions], truth)
    whole[["path", "labels"]].to_json(folder / "list.jsonl", orient="records", lines=True)
    assert prepare(DataRequest(folder / "list.jsonl", kind=IMAGE)).task == data.task
    images, _ = read_rows(folder / "list.jsonl", data.plan)
    truth, _ = encode_targets(images.table, data.task)
    np.testing.assert_array_equal(truth, [["a" in one, "b" in one] for one in lists])


def test_labels_of_missing_files_are_left_out_and_named(folder: Path) -> None:
    listed = table()[["path", "kind"]]
    listed.loc[7, "path"] = "images/gone.png"
    listed.to_csv(folder / "list.csv", index=False)
    data = prepare(DataRequest(folder / "list.csv", kind=IMAGE))
    said = "\n".join(data.notes)
    assert "1 file is left out (no such file or directory: images/gone.png)" in said
    parts = [data.train, data.validation, data.test]
    assert sum(len(part) for part in parts if part is not None) == 59
    listed["path"] = "gone.png"
    listed.to_csv(folder / "list.csv", index=False)
    with pytest.raises(DataError, match="no image"):
        prepare(DataRequest(folder / "list.csv", kind=IMAGE))


def test_a_trained_model_reads_a_list_too(folder: Path) -> None:
    table()[["path", "kind"]].to_csv(folder / "list.csv", index=False)
    data = prepare(DataRequest(folder / "list.csv", kind=IMAGE))
    raw, y = read_rows(folder / "list.csv", data.plan)
    assert y is None and len(raw) == 60 and raw.files[3] == "images/3.png"
    assert list(raw[raw.table["kind"] == "a"].files[:2]) == ["images/0.png", "images/3.png"]


def test_a_table_without_paths_is_refused() -> None:
    with pytest.raises(DataError, match="a table without a column of paths of images"):
        prepare(DataRequest("iris", kind=IMAGE))


def test_a_table_that_is_learnt_from_as_such_is_said_to_name_images(folder: Path) -> None:
    table().to_csv(folder / "list.csv", index=False)
    note = "column 'path' has images or names their files"
    data = prepare(DataRequest(folder / "list.csv", target=("kind",)))
    assert any(one.startswith(note) and "--space image" in one for one in data.notes)
    data = prepare(DataRequest(folder / "list.csv", target=("kind",), ignore=("path",)))
    assert not any(one.startswith(note) for one in data.notes)


def test_training_images_alone_decide_size_channels_and_classes(folder: Path) -> None:
    """Images of a test table are larger and in colours, and one is of a class of its own."""
    rng = np.random.default_rng(3)
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for number in range(40):
        part = "test" if number % 4 == 0 else "train"
        shape = (20, 20, 3) if part == "test" else (6, 8)
        name = f"{part}{number}.png"
        Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(folder / name)
        label = "unknown" if number == 8 else ("cat", "dog")[number // 2 % 2]
        lists[part].append(f"{name},{label}")
    for part, lines in lists.items():
        (folder / f"{part}.csv").write_text("\n".join(["path,label", *lines, ""]))
    asked = DataRequest(folder / "train.csv", test=folder / "test.csv", kind=IMAGE)
    data = prepare(asked)
    alone = prepare(DataRequest(folder / "train.csv", test=0.0, kind=IMAGE))
    assert data.plan.signature.shape == (6, 8, 1) and data.plan == alone.plan
    assert data.task.classes == ("cat", "dog")
    assert data.test is not None and len(data.test) == 9
    assert any("unknown" in note and "at most" in note for note in data.notes), data.notes


def test_paths_of_windows_are_read_and_missing_ones_told(folder: Path) -> None:
    listed = table()[["path", "kind"]]
    listed["path"] = listed["path"].str.replace("/", "\\")
    listed.loc[[7, 9], "path"] = [None, "  "]
    listed.to_csv(folder / "list.csv", index=False)
    data = prepare(DataRequest(folder / "list.csv", kind=IMAGE))
    assert any("2 files are left out (empty: row 10, row 8)" in note for note in data.notes)
    raw, _ = read_rows(folder / "list.csv", data.plan)
    assert len(raw) == 58
    np.testing.assert_array_equal(raw.x[1], np.asarray(Image.open(folder / "images/1.png")))


def test_where_no_file_is_there_the_paths_are_named(folder: Path) -> None:
    listed = table()[["path", "kind"]]
    listed["path"] = "photos/" + listed["path"]
    listed.to_csv(folder / "list.csv", index=False)
    with pytest.raises(DataError, match=r"no such file or directory: photos/images/0.png, .* from"):
        prepare(DataRequest(folder / "list.csv", kind=IMAGE))


def test_a_list_without_a_header_loses_no_image(folder: Path) -> None:
    table()[["path", "kind"]].to_csv(folder / "list.csv", index=False, header=False)
    with pytest.raises(DataError, match=r"names an image, 'images/0.png', .* --names path,label"):
        prepare(DataRequest(folder / "list.csv", kind=IMAGE))
    data = prepare(DataRequest(folder / "list.csv", names="path,label", kind=IMAGE))
    raw, _ = read_rows(folder / "list.csv", data.plan, ("path", "label"))
    assert len(raw) == 60


def test_one_file_is_a_row_for_a_trained_model(folder: Path, tmp_path: Path) -> None:
    table()[["path", "kind"]].to_csv(folder / "list.csv", index=False)
    plan = prepare(DataRequest(folder / "list.csv", kind=IMAGE)).plan
    path = folder / "images" / "3.png"
    expected = np.asarray(Image.open(path))[np.newaxis]
    other = tmp_path / "without an ending"
    shutil.copy(path, other)
    for one in (str(path), path, other):
        raw, y = read_rows(one, plan)
        assert y is None and list(raw.files) == [str(one)]
        np.testing.assert_array_equal(raw.x, expected)
    path.write_text("hello")
    with pytest.raises(DataError, match="no image: "):
        read_rows(path, plan)
    with pytest.raises(DataError, match="is one image: give the folder"):
        prepare(DataRequest(tmp_path / "without an ending", kind=IMAGE))


def test_paths_start_from_the_folder_of_a_packed_table_too(folder: Path) -> None:
    table()[["path", "kind"]].to_csv(folder / "list.csv.gz", index=False)
    data = prepare(DataRequest(folder / "list.csv.gz", kind=IMAGE))
    assert len(read_rows(folder / "list.csv.gz", data.plan)[0]) == 60
    (folder / "elsewhere").mkdir()
    moved = (folder / "list.csv.gz").rename(folder / "elsewhere" / "list.csv.gz")
    with pytest.raises(DataError, match="no such file"):
        read_rows(moved, data.plan)
    assert len(read_rows(moved, data.plan, place=folder)[0]) == 60


@pytest.mark.parametrize("form", ["frame", "arrays by name", "fixed width"])
def test_files_in_memory_are_images(folder: Path, form: str) -> None:
    files = [(folder / "images" / f"{number}.png").read_bytes() for number in range(60)]
    held = np.array(files) if form == "fixed width" else np.array([*files, None], object)[:60]
    x = pd.DataFrame({"image": files}) if form == "frame" else {"image": held}
    data = prepare(DataRequest((x, np.array(["cat", "dog"] * 30)), kind=IMAGE))
    shape = np.asarray(Image.open(folder / "images" / "0.png")).shape
    assert data.plan.inputs.signature.shape == shape and len(data.fingerprint) == 64
