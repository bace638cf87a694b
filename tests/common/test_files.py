"""Files are there whole or not at all, and JSON is strict."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.files import disk_errors_explained, to_json_text, write_text
from automl.errors import RunError

FULL = Path("/dev/full")
needs_a_full_device = pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")


def test_a_failed_write_keeps_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_strict(form: object) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(to_json_text(form), parse_constant=refuse)


def test_json_files_are_utf8(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", to_json_text({"größe": (1, 2.5, float("nan"))}))
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"größe": [1, 2.5, None]}


@needs_a_full_device
def test_a_full_disk_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (
        pytest.raises(RunError, match=r"No space left.*make room.*automl resume .*run"),
        disk_errors_explained(tmp_path / "run"),
        FULL.open("wb", buffering=0) as file,
    ):
        file.write(b"x")


def test_another_error_of_the_system_passes(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), disk_errors_explained(tmp_path):
        raise BrokenPipeError
