"""What is read of a file that may be a stranger's: no more than its bound, and than the memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from automl.common import bounded
from automl.common.bounded import MOST_CHECKPOINT, MOST_JSON, MOST_TEXT, most_read, read_bounded
from automl.common.root import Root
from automl.errors import RunError


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (None, MOST_CHECKPOINT),
        (256 << 30, MOST_CHECKPOINT),
        (16 << 30, 8 << 30),
        (100 << 20, MOST_TEXT),
    ],
)
def test_a_bound_is_no_more_than_half_of_the_memory(
    memory: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "total_memory", lambda: memory)
    assert most_read(MOST_CHECKPOINT) == expected
    assert most_read(MOST_JSON) == MOST_JSON


def test_a_file_that_does_not_fit_into_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "total_memory", lambda: 16 << 30)
    (tmp_path / "checkpoint.npz").touch()
    os.truncate(tmp_path / "checkpoint.npz", 9 << 30)
    with pytest.raises(RunError, match=r"checkpoint\.npz has 9,663,676,416 bytes, more than the 8"):
        read_bounded(Root(tmp_path), "checkpoint.npz", MOST_CHECKPOINT)
