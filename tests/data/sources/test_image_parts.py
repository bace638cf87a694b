"""Folders of parts, in whatever way they are called, do not become classes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from automl.data.sources.image_parts import check_class_folders, part_folders
from automl.errors import DataError


def folders(place: Path, *names: str, classes: tuple[str, ...] = ("cat", "dog")) -> Path:
    for name in names:
        for label in classes:
            (place / name / label).mkdir(parents=True)
    return place


@pytest.mark.parametrize(
    "names",
    [
        ("train", "validation", "test"),
        ("Training", "VALID", "Testing"),
        ("training_set", "dev_set", "test_set"),
        ("train2017", "val2017", "test2017"),
        ("seg_train", "seg_eval", "seg_test"),
        ("Train Images", "Valid Images", "Test Images"),
        ("trainset", "valset", "testset"),
        ("TrainData", "ValidationData", "TestData"),
    ],
)
def test_parts_are_known_by_their_words(names: tuple[str, ...], tmp_path: Path) -> None:
    parts = dict(zip(names, range(3), strict=True))
    assert part_folders(folders(tmp_path, *names)) == parts
    folders(tmp_path, "predict")
    assert part_folders(tmp_path) == parts


@pytest.mark.parametrize("names", [("bus", "train", "tram"), ("training shoe", "test tube", "cup")])
def test_classes_may_be_called_by_such_words(names: tuple[str, ...], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).mkdir()
    assert part_folders(tmp_path) == {}
    check_class_folders(tmp_path)
    for name in names:
        (tmp_path / name / f"of {name}").mkdir()
    assert part_folders(tmp_path) == {}
    check_class_folders(tmp_path)


@pytest.mark.parametrize("names", [("train", "rest"), ("val", "test"), ("train_a", "other_b")])
def test_what_looks_like_parts_is_no_class(names: tuple[str, ...], tmp_path: Path) -> None:
    assert part_folders(folders(tmp_path, *names)) == {}
    with pytest.raises(DataError, match=r"look like parts of a set, .*: give a folder train"):
        check_class_folders(tmp_path)


def test_parts_without_classes_are_no_classes(tmp_path: Path) -> None:
    folders(tmp_path, "train", "test1", classes=())
    for name in ("train", "test1"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="look like parts"):
        check_class_folders(tmp_path)


def test_the_plain_name_of_a_part_is_taken_first(tmp_path: Path) -> None:
    folders(tmp_path, "train", "train_masks", "test")
    assert part_folders(tmp_path) == {"train": 0, "test": 2}
    folders(tmp_path, "training")
    with pytest.raises(DataError, match=r"two folders of one part \(train, training\)"):
        part_folders(tmp_path)


def test_a_folder_that_holds_but_another_is_refused(tmp_path: Path) -> None:
    folders(tmp_path, "archive")
    with pytest.raises(DataError, match=r"give '.*archive', which holds the folders 'cat', 'dog'"):
        check_class_folders(tmp_path)


def test_folders_are_found_without_a_look_at_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders(tmp_path, "train", "test")
    (tmp_path / "test" / "a.jpg").touch()
    (tmp_path / "linked").symlink_to(tmp_path / "train")

    def looked(path: Path) -> bool:
        raise AssertionError(path)

    monkeypatch.setattr(Path, "is_dir", looked)
    assert part_folders(tmp_path) == {"train": 0, "test": 2}


def test_a_folder_that_may_not_be_read_holds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders(tmp_path, "train", "test", "closed")

    def closed(own: Callable[[Path], object], path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(path)
        return own(path)

    for name in ("scandir", "listdir"):  # whichever it looks with
        monkeypatch.setattr(os, name, partial(closed, getattr(os, name)))
    assert part_folders(tmp_path) == {"train": 0, "test": 2}
