"""A training of a fixed length ends with its last epoch's model, and without a score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import default_objective
from automl.data.task import TaskKind
from automl.space import SearchSpace
from automl.training.device_data import DeviceData
from automl.training.history import read_history
from automl.training.train_trial import train_trial
from automl.trial import (
    MODEL_FILE,
    PREDICTIONS_FILE,
    Answer,
    EpochReport,
    FixedLength,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from tests.training.conftest import make_arrays
from tests.training.test_pausing import CASES, HYPERPARAMETERS

LENGTH, CAP = 5, 12


def train(
    case: str, folder: Path, fixed: FixedLength | None, stop: int = 0, **changes: Any
) -> TrialResult:
    build, config, _ = CASES[case]
    space = SearchSpace("own", HYPERPARAMETERS, build, inputs="vector")
    data = DeviceData.from_arrays(make_arrays(TaskKind.MULTICLASS, rows=90, validation=30))

    def report(report: EpochReport) -> Answer:
        return Answer.STOP if report.epoch == stop else Answer.GO_ON

    spec = TrialSpec("refit", {**config, **changes}, 5, TrialBudget(CAP, 1), fixed_length=fixed)
    objective = default_objective(data.task)
    return train_trial(spec, space, data, objective, folder, report, lambda: None)


def weights(folder: Path) -> list[Any]:
    return list(keras.saving.load_model(folder / MODEL_FILE, compile=False).get_weights())


@pytest.mark.parametrize("case", ["kernel", "compiled", "eager"])
def test_it_ends_after_its_epochs_whatever_patience_says_and_has_no_score(
    case: str, tmp_path: Path
) -> None:
    result = train(case, tmp_path, FixedLength(LENGTH))
    assert result.state is TrialState.COMPLETED and result.trainer == CASES[case][2]
    assert (result.epochs, result.best_epoch) == (LENGTH, LENGTH)
    assert result.score is None and result.metrics == {} and result.verdict is None
    assert result.predictions == "" and not (tmp_path / PREDICTIONS_FILE).exists()
    assert result.train_metrics["accuracy"] > 0 and result.model_hash
    history = read_history(tmp_path)
    assert len(history) == LENGTH and not [name for name in history[0] if name.startswith("val_")]


def test_the_model_is_that_of_the_last_epoch(tmp_path: Path) -> None:
    """One that goes on for an epoch longer has passed it."""
    train("kernel", tmp_path / "five", FixedLength(5))
    train("kernel", tmp_path / "again", FixedLength(5))
    train("kernel", tmp_path / "six", FixedLength(6))
    five, again, six = (weights(tmp_path / name) for name in ("five", "again", "six"))
    assert all(np.array_equal(a, b) for a, b in zip(five, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(five, six, strict=True))


def test_the_schedule_follows_the_losses_that_it_is_told(tmp_path: Path) -> None:
    falling = FixedLength(LENGTH, (5.0, 4.0, 3.0, 2.0, 1.0))
    rising = FixedLength(LENGTH, (1.0, 2.0, 3.0, 4.0, 5.0))
    rates = []
    for name, fixed in (("falling", falling), ("rising", rising)):
        train("kernel", tmp_path / name, fixed, schedule_patience=1)
        rates.append([row["learning_rate"] for row in read_history(tmp_path / name)])
    assert len(set(rates[0])) == 1
    assert rates[1] == sorted(rates[1], reverse=True) and len(set(rates[1])) == LENGTH - 1


def test_one_that_diverges_has_failed(tmp_path: Path) -> None:
    result = train("compiled, momentum", tmp_path, FixedLength(LENGTH), learning_rate=1e30)
    assert result.state is TrialState.FAILED and "became" in result.reason
