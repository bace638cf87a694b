"""A trial's files cross to another machine in their folders, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.common.root import Root
from automl.engines.trial_files import names_below, read_files, replace_files, write_files
from automl.errors import RunError

FILES = {"history.csv": b"1", "curves/fold-2/log.csv": b"2", "curves/fold-3/log.csv": b"3"}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "run" / "trials").mkdir(parents=True)
    return Root(tmp_path / "run")


def test_files_come_back_in_their_folders(root: Root) -> None:
    write_files(root, "trials/7", FILES)
    names = names_below(root, "trials/7")
    assert names == sorted(FILES)
    assert read_files(root, "trials/7", names) == FILES
    assert read_files(root, root.path / "trials/7", names) == FILES
    assert names_below(root, "trials/8") == []


def test_one_of_them_is_taken_away_by_none(root: Root) -> None:
    write_files(root, "trials/7", FILES)
    write_files(root, "trials/7", {"curves/fold-2/log.csv": None, "absent/log.csv": None})
    assert names_below(root, "trials/7") == ["curves/fold-3/log.csv", "history.csv"]


def test_those_of_an_attempt_before_are_gone(root: Root) -> None:
    write_files(root, "trials/7", {**FILES, "logs/events": b"4", "plain": b"5"})
    replace_files(root, "trials/7", {"logs": b"6", "plain/log.csv": b"7"})
    assert names_below(root, "trials/7") == ["logs", "plain/log.csv"]


@pytest.mark.parametrize("name", ["../8/log.csv", "a/../../../x", "/x", "", ".", "a/.."])
def test_a_path_out_of_the_trial_is_refused(name: str, root: Root) -> None:
    for put in (write_files, replace_files):
        with pytest.raises(RunError, match="must be in its own folder"):
            put(root, "trials/7", {name: b"1"})
    assert names_below(root, "") == []


def test_nothing_is_read_or_written_through_a_link(root: Root, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"1")
    write_files(root, "trials/7", FILES)
    (root.path / "trials/7/link").symlink_to(outside)
    (root.path / "trials/7/curves/secret").symlink_to(outside / "secret")
    assert names_below(root, "trials/7") == sorted(FILES)
    with pytest.raises(RunError, match="is a link"):
        write_files(root, "trials/7", {"link/secret": b"2"})
    replace_files(root, "trials/7", {"link/secret": b"2", "curves/secret": b"3"})
    assert (outside / "secret").read_bytes() == b"1"
