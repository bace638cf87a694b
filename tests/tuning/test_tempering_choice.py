"""The temperature of what is exported, chosen from the predictions that lie beside the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.data.metrics import default_objective, resolve_objective
from automl.data.task import Task, TaskKind
from automl.data.temperature import choose_temperature
from automl.results.asked_threshold import validation_rows
from automl.results.ensembles import MemberForm
from automl.results.predictions import ViewPredictions, add_predictions
from automl.results.record import TrialRecord
from automl.results.run_directory import RunDirectory
from automl.trial import PREDICTIONS_FILE, TrialState
from automl.tuning.tempering_choice import candidate_temperature

BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
BY_LOSS = default_objective(BINARY)
BY_TEMPERED = resolve_objective("tempered_log_loss", BINARY)
TRIAL = TrialRecord(0, TrialState.COMPLETED, {}, 1, None)


def answered(views: tuple[str, ...]) -> dict[str, ViewPredictions]:
    """Predictions that are far too sure."""
    rng = np.random.default_rng(0)
    found = {}
    for view in views:
        logits = rng.normal(0.0, 1.5, (300, 1))
        truth = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.float32)
        sure = (1 / (1 + np.exp(-3 * logits))).astype(np.float32)
        found[view] = ViewPredictions(sure, None, truth)
    return found


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "run", {})


def test_of_a_trial_and_of_an_ensemble_of_one_division(run: RunDirectory) -> None:
    assert candidate_temperature(run, TRIAL, BINARY, BY_LOSS) is None  # nothing was kept
    member = (MemberForm("0", "holdout", 1.0),)
    ensemble = TrialRecord("ensemble", TrialState.COMPLETED, {}, None, None, members=member)
    for candidate in (TRIAL, ensemble):
        folder = run.trial_directory(candidate.trial)
        add_predictions(run.root, folder, answered(("holdout",)))
        found = candidate_temperature(run, candidate, BINARY, BY_LOSS)
        assert found is not None
        assert 2.0 < found.value < 4.0
        add_predictions(run.root, folder, answered(("fold-1", "fold-2")))
        # of folds, a trial is one of the models that have answered, an ensemble all of them
        assert (candidate_temperature(run, candidate, BINARY, BY_LOSS) is None) == bool(
            candidate.members
        )
        (folder / PREDICTIONS_FILE).write_bytes(b"no archive")
        assert candidate_temperature(run, candidate, BINARY, BY_LOSS) is None


def test_what_is_ranked_with_one_has_it_whatever_it_gains(run: RunDirectory) -> None:
    folder = run.trial_directory(TRIAL.trial)
    for truth_told, expected in ((False, 1.0), (True, 0.2)):
        rng = np.random.default_rng(0)
        logits = rng.normal(0.0, 1.5, (300, 1))
        truth = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.float32)
        if truth_told:  # all rows right, so that no temperature is low enough
            logits = np.where(truth > 0, 1.0, -1.0)
        answers = (1 / (1 + np.exp(-logits))).astype(np.float32)
        add_predictions(run.root, folder, {"holdout": ViewPredictions(answers, None, truth)})
        assert candidate_temperature(run, TRIAL, BINARY, BY_LOSS) is None
        found = candidate_temperature(run, TRIAL, BINARY, BY_TEMPERED)
        assert found is not None
        assert found.value == pytest.approx(expected, rel=0.15)


def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(3_000, 2))
    y = (x[:, 0] > 0.0) ^ (rng.random(3_000) < 0.01)
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.where(y, "yes", "no")})


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("off", [False, True])
def test_a_search_records_and_exports_it(off: bool, tmp_path: Path) -> None:
    found = automl.search(
        table(),
        target="y",
        trials=1,
        epochs=30,
        settings={"label_smoothing": 0.1},  # which makes models less sure than they should be
        workers=1,
        cv="none",
        test=0.1,
        finalists=0,
        seed=2,
        verbose=0,
        directory=tmp_path / "run",
        no_temperature=off,
    )
    directory = RunDirectory.open(found.path)
    task = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
    chosen = choose_temperature(task, validation_rows(directory, 0, task))
    assert chosen is not None, "the model is as sure as it should be"
    recorded = found.record.temperatures
    assert recorded == ({} if off else {0: chosen})
    card = (found.path / "best" / "card.md").read_text(encoding="utf-8")
    assert ("divides its logits" in card) != off
