"""A whole search with weights of rows and of classes: whatever is scored weighs rows alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import sklearn.metrics as sk

import automl
from automl.export.predict import evaluate, predict
from automl.results.board_columns import number
from automl.results.predictions import read_predictions
from automl.results.record import TrialRecord
from automl.results.run_directory import RunDirectory
from automl.tuning.column_importance import column_importance

pytestmark = pytest.mark.usefixtures("warm")


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to learn from and test rows; those of one class weigh five times the others."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(500, 3))
    is_yes = draw.random(500) < 1 / (1 + np.exp(x[:, 1] - 2 * x[:, 0]))
    frame = pd.DataFrame(x.round(4), columns=list("abc"))
    frame["w"] = (np.where(is_yes, 1.0, 5.0) * draw.uniform(0.5, 1.5, 500)).round(3)
    frame["y"] = np.where(is_yes, "yes", "no")
    return frame[:400], frame[400:].reset_index(drop=True)


@pytest.fixture(scope="module")
def run(
    frames: tuple[pd.DataFrame, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> automl.Run:
    learnt, test = frames
    return automl.search(
        learnt, target="y", test=test, weight="w", class_weight={"yes": 3.0}, space="mlp",
        settings={"depth": "1:2", "width": "16:32", "optimizer": "adam", "learning_rate": 0.02},
        trials=6, epochs=6, pruner="none", finalists=2, cv=3, workers=1, export="refit",
        directory=tmp_path_factory.mktemp("weighted") / "run", verbose=0,
    )  # fmt: skip


def expected(rows: pd.DataFrame, yes: npt.NDArray[Any]) -> dict[str, float]:
    """The scores as scikit-learn has them, yes told above one half."""
    truth, weight = rows["y"] == "yes", rows["w"]
    return {
        "log_loss": sk.log_loss(truth, yes, sample_weight=weight),
        "accuracy": sk.accuracy_score(truth, yes > 0.5, sample_weight=weight),
        "f1": sk.f1_score(truth, yes > 0.5, sample_weight=weight),
        "roc_auc": sk.roc_auc_score(truth, yes, sample_weight=weight),
    }


@pytest.mark.parametrize("candidate", ["best", "ensemble", "bag", "refit", "linear"])
def test_test_scores_and_evaluate_weigh_rows_and_no_classes(
    candidate: str, run: automl.Run, frames: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    best = run.record.best()
    assert best is not None and isinstance(best.trial, int)
    trial = best.trial if candidate == "best" else candidate
    run.export(tmp_path / "model", trial)
    rows = frames[1]
    right = expected(rows, predict(tmp_path / "model", rows)["probability_yes"].to_numpy())
    recorded = run.record.test_scores[trial]
    for scores in (recorded, evaluate(tmp_path / "model", rows)):
        assert {name: scores[name] for name in right} == pytest.approx(right, rel=1e-4)
    unweighted = sk.accuracy_score(rows["y"], predict(tmp_path / "model", rows)["prediction"])
    assert recorded["accuracy"] != pytest.approx(unweighted, abs=1e-3)


def validated(run: automl.Run, trial: TrialRecord) -> list[tuple[float, float]]:
    """Log loss and accuracy of each view of a trial, from the predictions that it keeps."""
    directory = RunDirectory.open(run.path)
    kept = read_predictions(
        directory.root, directory.trial_directory(trial.trial) / "predictions.npz"
    )
    found = []
    for view in kept.values():
        assert view.truth is not None and view.weight is not None
        assert 4 < view.weight[view.truth[:, 0] == 0].mean() < 6  # the class "no", as in the rows
        yes, rows = view.values[:, 0], (view.truth[:, 0], view.weight)
        found.append(
            (
                sk.log_loss(rows[0], yes, sample_weight=rows[1]),
                sk.accuracy_score(rows[0], yes > 0.5, sample_weight=rows[1]),
            )
        )
    return found


def test_validation_scores_weigh_rows_and_no_classes(run: automl.Run) -> None:
    for trial in run.record.trials:
        result, scores = trial.trained, validated(run, trial)
        assert result is not None and len(scores) == 3
        loss, accuracy = np.mean(scores, axis=0)
        assert result.metrics["log_loss"] == pytest.approx(loss, rel=1e-4)
        assert result.metrics["accuracy"] == pytest.approx(accuracy, rel=1e-4)


def test_column_importance_weighs_rows(run: automl.Run) -> None:
    best = run.record.best()
    assert best is not None
    report = column_importance(RunDirectory.open(run.path), run.record, repeats=1)
    loss, _ = validated(run, best)[0]
    assert f"(log_loss {number(loss)} on " in report.title


def test_each_training_tells_its_trainer(run: automl.Run) -> None:
    scorings = [one.result for trial in run.record.trials for one in trial.scorings]
    results = [trial.trained for trial in (*run.record.trials, run.record.refit) if trial]
    assert len(scorings) >= 6
    assert {result.trainer for result in (*results, *scorings) if result} == {"kernel"}
