"""Epochs are chosen by rows that are not scored at them, and a pause changes nothing of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.metrics import Objective, better, compute_metric, default_objective
from automl.data.plan import Rows
from automl.data.task import Task, TaskKind
from automl.results.predictions import read_predictions
from automl.space import SearchSpace
from automl.training.cross_fitting import PARTS, CrossFittedEpochs, can_be_cross_fitted
from automl.training.device_data import DeviceData
from automl.training.history import run_of
from automl.training.train_trial import train_trial
from automl.trial import (
    PREDICTIONS_FILE,
    Answer,
    EpochReport,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from tests.training.conftest import make_arrays
from tests.training.test_pausing import CASES, HYPERPARAMETERS

REGRESSION = Task(TaskKind.REGRESSION, 1, ("y",))


def rows_of(truth: Any, weight: Any = None) -> Rows:
    truth = np.asarray(truth, np.float64).reshape(-1, 1)
    return Rows({}, truth.astype(np.float32), truth, weight=weight)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(2 * PARTS, 40),
    epochs=st.integers(1, 8),
    direction=st.sampled_from(["minimize", "maximize"]),
    weighted=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_each_row_is_predicted_by_the_epoch_that_rows_of_other_parts_choose(
    rows: int, epochs: int, direction: str, weighted: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.1, 2.0, rows).astype(np.float32) if weighted else None
    truth, curve = rng.normal(size=rows), rng.normal(size=(epochs, rows, 1))
    name = "mse" if direction == "minimize" else "r2"
    found = CrossFittedEpochs(rows_of(truth, weight), REGRESSION, Objective(name, direction))
    for predictions in curve:
        found.update(predictions)
    assert found.predictions is not None
    order = np.random.default_rng(0).permutation(rows)
    for part in np.array_split(order, PARTS):
        others = np.setdiff1d(np.arange(rows), part)
        own = None if weight is None else weight[others]
        scores = [
            compute_metric(name, REGRESSION, truth[others, None], one[others], own) for one in curve
        ]
        chosen = 0
        for epoch, score in enumerate(scores):
            if better(score, scores[chosen], direction):
                chosen = epoch
        assert np.array_equal(found.predictions[part], curve[chosen][part])


def test_where_the_metric_is_not_defined_on_the_other_parts_all_rows_choose() -> None:
    """One positive row: without its part there is no AUC, and the first epoch is no choice."""
    task = Task(TaskKind.BINARY, 1, ("target",), ("no", "yes"))
    truth = np.zeros((20, 1), np.float32)
    truth[3] = 1.0
    found = CrossFittedEpochs(
        Rows({}, truth, truth.astype(np.float64)), task, Objective("roc_auc", "maximize")
    )
    rng = np.random.default_rng(0)
    guesses = rng.uniform(0.2, 0.8, (20, 1))
    right = np.where(truth == 1.0, 0.9, 0.1)
    for predictions in (guesses, right, guesses):
        found.update(predictions)
    assert found.predictions is not None
    assert np.array_equal(found.predictions, right)


def test_noise_that_is_chosen_by_its_luck_does_not_look_better_than_noise() -> None:
    """Each epoch guesses: the best of them looks better than any, the cross-fitted one does not."""
    rng = np.random.default_rng(1)
    own, crossed = [], []
    for _ in range(200):
        truth = rng.normal(size=30)
        found = CrossFittedEpochs(rows_of(truth), REGRESSION, Objective("mse", "minimize"))
        scores = []
        for _ in range(20):
            guess = rng.normal(size=(30, 1))
            found.update(guess)
            scores.append(float(np.mean((guess[:, 0] - truth) ** 2)))
        assert found.predictions is not None
        own.append(min(scores))
        crossed.append(float(np.mean((found.predictions[:, 0] - truth) ** 2)))
    assert np.mean(own) < 1.4  # the expectation is 2
    assert abs(np.mean(crossed) - 2.0) < 0.1


@pytest.mark.parametrize(
    ("objective", "rows", "can"),
    [
        (Objective("mse", "minimize"), 100, True),
        (Objective("mse", "minimize"), 2 * PARTS - 1, False),
        (Objective("mse", "minimize"), 20_001, False),
        (Objective("loss", "minimize"), 100, False),
        (Objective("mse", "minimize", of_model=True), 100, False),
    ],
)
def test_what_predictions_of_few_rows_do_not_tell_is_not_cross_fitted(
    objective: Objective, rows: int, can: bool
) -> None:
    assert can_be_cross_fitted(objective, rows) is can


def train(case: str, folder: Path, crossed: bool, start: str = "", pause: int = 0) -> TrialResult:
    build, config, _ = CASES[case]
    space = SearchSpace("own", HYPERPARAMETERS, build, inputs="vector")
    data = DeviceData.from_arrays(make_arrays(TaskKind.MULTICLASS, rows=90, validation=30))

    def report(report: EpochReport) -> Answer:
        return Answer.PAUSE if report.epoch == pause else Answer.GO_ON

    spec = TrialSpec(0, config, 5, TrialBudget(8, 8), start=start, cross_fitted=crossed)
    objective = default_objective(data.task)
    place = folder / "trials" / "0"
    place.mkdir(parents=True, exist_ok=True)
    return train_trial(spec, space, data, objective, place, report, lambda: None)


@pytest.mark.parametrize("case", ["kernel", "compiled"])
def test_a_training_is_scored_so_and_its_model_is_the_same(case: str, tmp_path: Path) -> None:
    plain, crossed = (train(case, tmp_path / str(one), one) for one in (False, True))
    assert crossed.state is TrialState.COMPLETED
    assert crossed.model_hash == plain.model_hash and crossed.best_epoch == plain.best_epoch
    assert crossed.score is not None and plain.score is not None
    assert crossed.score >= plain.score  # the one best epoch has the least loss on all rows
    data = make_arrays(TaskKind.MULTICLASS, rows=90, validation=30)
    folder = (tmp_path / "True" / "trials" / "0").absolute()
    [view] = read_predictions(run_of(folder), folder / PREDICTIONS_FILE).values()
    rows = data.validation
    loss = compute_metric("log_loss", data.task, rows.truth, view.values, rows.weight)
    assert crossed.score == pytest.approx(loss) == crossed.metrics["log_loss"]


def pause_all(folder: Path) -> None:
    """Trains up to a pause; called in a process of its own."""
    for case in ("kernel", "compiled"):
        result = train(case, folder / case, True, pause=4)
        assert result.state is TrialState.PAUSED, result.reason


def test_a_pause_changes_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.training import test_cross_fitting as t; "
        "t.pause_all(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    for case in ("kernel", "compiled"):
        whole = train(case, tmp_path / f"whole {case}", True)
        again = train(case, tmp_path / case, True, start="trials/0/checkpoint.npz")
        assert again.epochs == 8
        assert replace(again, seconds=0, timings={}, export_seconds=0, test_seconds=0) == replace(
            whole, seconds=0, timings={}, export_seconds=0, test_seconds=0
        )
