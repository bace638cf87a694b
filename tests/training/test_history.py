"""The learning curve on disk."""

from __future__ import annotations

import math

import pytest

from automl.training.history import read_history, write_history


def test_written_and_read_again(tmp_path):
    rows = [
        {"epoch": 1, "loss": 1 / 3, "val_loss": 1e-30},
        {"epoch": 2, "loss": math.nan, "val_loss": 2.0, "val_f1": 0.5},
    ]
    path = write_history(rows, tmp_path / "trials" / "3")
    assert path.read_text().splitlines()[0] == "epoch,loss,val_loss,val_f1"
    first, second = read_history(path.parent)
    assert first == rows[0]
    assert math.isnan(second.pop("loss"))
    assert second == {"epoch": 2, "val_loss": 2.0, "val_f1": 0.5}
    assert [entry.name for entry in path.parent.iterdir()] == ["history.csv"]


def test_no_file_no_rows(tmp_path):
    assert read_history(tmp_path) == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_history([{"epoch": 1}], tmp_path)

    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("automl.common.root.Root.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_history([{"epoch": 1}, {"epoch": 2}], tmp_path)
    monkeypatch.undo()
    assert path.read_text() == "epoch\n1\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["history.csv"]
