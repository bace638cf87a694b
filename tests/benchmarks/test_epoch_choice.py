"""Epochs chosen by two metrics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from automl.data.task import Task, TaskKind
from automl.data.temperature import AnsweredRows
from benchmarks import epoch_choice
from benchmarks.epoch_choice import choose, main

BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))


def answered(sure: float, share_right: float) -> AnsweredRows:
    truth = np.tile([[0.0], [1.0]], (50, 1))
    right = np.arange(100)[:, None] < 100 * share_right
    return AnsweredRows(truth, np.where((truth > 0) == right, sure, 1.0 - sure).astype(np.float32))


def test_the_surer_epoch_that_tells_more_is_chosen_by_the_tempered_loss(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    epochs = [(answered(0.7, 0.8),) * 2, (answered(0.9999, 0.9),) * 2]
    monkeypatch.setattr(epoch_choice, "epochs_of", lambda *_: (BINARY, iter(epochs)))
    found = choose("x", 0)
    assert found.accuracy == pytest.approx((0.8, 0.9))
    assert found.log_loss[1] < found.log_loss[0]
    records = tmp_path / "e.jsonl"
    monkeypatch.setattr(epoch_choice, "epochs_of", lambda *_: (BINARY, iter(list(epochs))))
    main(["--records", str(records), "--seeds", "1", "--output", str(tmp_path / "r.md")])
    assert len(records.read_text().splitlines()) == 13
    assert json.loads(records.read_text().splitlines()[0])["name"] == "breast_cancer"
    assert "| all | 13 |" in (tmp_path / "r.md").read_text()
