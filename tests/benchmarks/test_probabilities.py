"""The measurement of temperatures and thresholds: what it counts, on answers that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from automl.data.task import Task, TaskKind
from automl.data.temperature import AnsweredRows
from benchmarks.probabilities import Measured, answers_of, main, measure, section
from benchmarks.results_file import add_record, read_records

BINARY = Task(TaskKind.BINARY, 1, ("y",), (0, 1))


def too_sure(seed: int) -> AnsweredRows:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.5, (900, 1))
    truth = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    return AnsweredRows(truth, (1 / (1 + np.exp(-3 * logits))).astype(np.float32))


def test_what_helps_is_kept_and_counted(tmp_path: Path) -> None:
    found = measure("made", 0, BINARY, too_sure(0), too_sure(1))
    assert found.kept
    assert found.tempered < found.log_loss
    assert found.f1[0] > 0.5
    assert all(half > formula for half, formula, _ in found.costs)
    add_record(tmp_path / "records", found)
    [again] = read_records(tmp_path / "records", Measured)
    worse = Measured("made", 1, 1.1, True, 0.5, 0.6, found.f1, found.costs)
    other = Measured("other", 0, 1.1, False, 0.5, 0.5001)
    text = section([again, worse, other], "command")
    assert "| made | 2 | 1 | 1 |" in text
    assert "| other | 1 | 0 | 0 | 1.000 | 0 | 0 | 0 |  |" in text
    assert text.count("| 1, 5 |") == 1


def test_models_are_trained_and_what_is_known_is_not_trained_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, validation, test = answers_of("wine", 0, epochs=1)
    assert (task.kind, len(validation.truth), len(test.truth)) == (TaskKind.MULTICLASS, 45, 44)
    np.testing.assert_allclose(validation.probabilities.sum(axis=1), 1.0, atol=1e-5)
    add_record(tmp_path / "records", measure("made", 0, BINARY, too_sure(0), too_sure(1)))
    main(["--records", str(tmp_path / "records"), "--seeds", "0"])
    assert "| all | 1 |" in capsys.readouterr().out
