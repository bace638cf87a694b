"""A folder is made whole or not at all, and what others have made meanwhile is left alone."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from automl.common.whole_folder import TAKEN, make_whole, remove_whole

NAMES = ("part", "file.txt")


def fill(folder: Path) -> None:
    (folder / "part").mkdir()
    (folder / "file.txt").write_text("x")


def break_off(folder: Path) -> None:
    fill(folder)
    raise KeyboardInterrupt


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "an empty folder"])
def test_whole_or_nothing(is_there: bool, tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    if is_there:
        target.mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt):
        make_whole(target, NAMES, break_off)
    assert list(tmp_path.rglob("*")) == ([tmp_path / "a", target] if is_there else [])
    make_whole(target, NAMES, fill)
    assert {path.name for path in target.iterdir()} == set(NAMES)
    assert [path.name for path in target.parent.iterdir()] == ["b"]


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "an empty folder"])
def test_what_another_has_made_meanwhile_stays(is_there: bool, tmp_path: Path) -> None:
    target = tmp_path / "run"
    if is_there:
        target.mkdir()

    def be_late(folder: Path) -> None:
        target.mkdir(exist_ok=True)
        fill(target)
        fill(folder) if folder != target else (target / "part").mkdir()

    with pytest.raises(OSError) as refused:
        make_whole(target, NAMES, be_late)
    assert refused.value.errno in (errno.EEXIST, errno.ENOTEMPTY)
    assert set(TAKEN) == {errno.EEXIST, errno.ENOTEMPTY}
    assert {path.name for path in tmp_path.rglob("*")} == {"run", *NAMES}


def test_a_folder_is_removed_with_all_that_is_in_it(tmp_path: Path) -> None:
    make_whole(tmp_path / "run", NAMES, fill)
    remove_whole(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
