"""A search over folds: scores with their errors, by hand the same, resumed as unbroken."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

import automl
from automl.cli.trial_text import trial_text
from automl.common.root import Root
from automl.data.combine import combine
from automl.data.metrics import Objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.views.fold_rule import FoldRule
from automl.data.views.folds import fold_splits
from automl.data.views.strata import find_strata
from automl.engines.processes import Processes
from automl.results import board_columns
from automl.results.leaderboard import leaderboard
from automl.results.predictions import read_predictions
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.space.registry import find_space
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialSpec, TrialState
from tests.lent import lending

pytestmark = pytest.mark.usefixtures("warm")
OPTIONS: dict[str, Any] = {"cv": 3, "epochs": 4, "workers": 1, "verbose": 0, "seed": 2}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> automl.Run:
    folder = tmp_path_factory.mktemp("cv") / "run"
    with lending(processes):
        return automl.search("iris", trials=3, pruner="none", directory=folder, **OPTIONS)


def test_scores_are_means_over_folds_with_their_standard_errors(run: automl.Run) -> None:
    board = run.leaderboard()
    for _, row in board.iterrows():
        folds = [row[f"folds.fold-{number}"] for number in (1, 2, 3)]
        assert row["score"] == pytest.approx(fmean(folds))
        assert row["standard_error"] == pytest.approx(stdev(folds) / 3**0.5)
    assert set(board["trial"]) == {0, 1, 2, "boosting", "linear", "majority"}
    assert any("trained on 3 folds" in note for note in run.notes)
    assert (run.path / "best" / "model.keras").exists()


def test_small_sets_are_searched_over_folds_where_nobody_says_otherwise(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"space": "linear", "epochs": 1, "workers": 1, "pruner": "median"}
    run = automl.search("iris", trials=1, directory=tmp_path / "run", verbose=0, **asked)
    assert len(run.record.trials[0].result.folds) == 5
    assert (run.leaderboard()["standard_error"] > 0).any()
    assert any("for the rows are few (--cv none: on one division)" in note for note in run.notes)
    resumed = run.resume(trials=2)
    assert len(resumed.record.trials[1].result.folds) in (1, 5)  # it may be pruned after the first


def test_a_fold_s_score_is_what_training_on_it_by_hand_gives(
    run: automl.Run, tmp_path: Path
) -> None:
    trial = run.record.trials[0]
    assert trial.result is not None
    data = prepare(DataRequest("iris", cv=3, seed=2))
    for number, arrays in enumerate((data, *(fold.arrays() for fold in data.folds)), 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        by_hand = train_trial(
            TrialSpec(0, trial.config, trial.seed or 0, TrialBudget(4, 10)),
            find_space("mlp"),
            DeviceData.from_arrays(arrays),
            Objective("log_loss", "minimize"),
            folder / "trials" / "0",
            lambda _: Answer.GO_ON,
            lambda: None,
        )
        assert by_hand.score == trial.result.folds[number - 1]


def test_a_fold_s_score_is_that_of_its_rows_as_plain_arrays(tmp_path: Path) -> None:
    x, y = load_iris(return_X_y=True)
    request = DataRequest((x, y), test=0, cv=3, seed=5)
    over = prepare(request)
    views = (over, *(fold.arrays() for fold in over.folds))
    dataset = combine(request, lambda _: None)
    strata = find_strata(dataset, request)
    splits = fold_splits(dataset, np.arange(len(x)), FoldRule(3), strata, 5)
    config = {**find_space("mlp").defaults().to_json(), "width": 16, "optimizer": "nesterov"}
    for number, (split, arrays) in enumerate(zip(splits, views, strict=True)):
        own, others = (x[split.train], y[split.train]), (x[split.validation], y[split.validation])
        in_order = {"test": 0, "seed": 5, "split_by_time": "order"}  # as the rows of a fold are
        by_hand = prepare(DataRequest(own, validation=others, **in_order))
        np.testing.assert_array_equal(
            by_hand.train.inputs["numeric"], arrays.train.inputs["numeric"]
        )
        for place in range(2):
            (tmp_path / f"{number}{place}").mkdir()
        scores = [
            train_trial(
                TrialSpec(0, config, 11, TrialBudget(3, 3)),
                find_space("mlp"),
                DeviceData.from_arrays(rows),
                Objective("log_loss", "minimize"),
                tmp_path / f"{number}{place}" / "trials" / "0",
                lambda _: Answer.GO_ON,
                lambda: None,
            ).score
            for place, rows in enumerate((arrays, by_hand))
        ]
        assert scores[0] is not None
        assert scores[0] == scores[1]


def test_a_column_tells_the_folds_of_a_search(tmp_path: Path) -> None:
    frame = load_iris(as_frame=True).frame.assign(fold=["a", "b", "c", "d", "e"] * 30)
    part = automl.search(
        frame,
        "target",
        fold_column="fold",
        trials=1,
        directory=tmp_path / "run",
        **{**OPTIONS, "cv": None},
    )
    row = part.leaderboard().iloc[0]
    assert [name for name in row.index if name.startswith("folds.")] == [
        f"folds.fold-{number}" for number in (1, 2, 3, 4, 5)
    ]
    assert any("'fold' says which fold each row is in" in note for note in part.notes)
    recorded = json.loads((part.path / "run.json").read_text())["request"]["data"]
    assert (recorded["cv"], recorded["fold_column"]) == (5, "fold")


def test_every_row_that_is_learnt_from_has_a_prediction_of_a_fold_that_it_did_not_train(
    run: automl.Run,
) -> None:
    data = prepare(DataRequest("iris", cv=3, seed=2))
    best = next(row for row in run.record.trials if row.trial == run.best.number)
    assert best.result is not None
    found = read_predictions(Root(run.path), run.path / best.result.predictions)
    assert list(found) == ["fold-1", "fold-2", "fold-3"]
    rows = np.concatenate([one.rows for one in found.values()])
    assert data.test is not None
    assert len(set(rows)) == len(rows) == 150 - len(data.test)
    views = (data, *(fold.arrays() for fold in data.folds))
    for own, arrays, score in zip(found.values(), views, best.result.folds, strict=True):
        np.testing.assert_array_equal(own.rows, arrays.validation_positions)
        assert own.values.shape == (len(arrays.validation), 3)
        truth = arrays.validation.truth
        picked = own.values[np.arange(len(truth)), truth]
        assert -np.log(picked).mean() == pytest.approx(score, rel=1e-4)


def test_what_is_pruned_after_a_fold_shows_it(run: automl.Run) -> None:
    record = run.record
    first = record.trials[0]
    assert first.result is not None
    score = first.result.folds[0]
    result = replace(
        first.result, state=TrialState.PRUNED, score=score, folds=(score,), reason="it was pruned"
    )
    pruned = replace(first, state=TrialState.PRUNED, result=result)
    text = trial_text(RunDirectory(run.path), replace(record, trials=(pruned,)), 0)
    assert f"Folds: {board_columns.number(score)}\nReason: it was pruned" in text


def test_the_leaderboard_names_the_predictions_that_are_there(
    run: automl.Run, tmp_path: Path
) -> None:
    rows = {row.trial: row for row in leaderboard(run.record)}
    assert rows[0].predictions == "trials/0/predictions.npz"
    assert rows["linear"].predictions == "trials/linear/predictions.npz"
    copy = shutil.copytree(run.path, tmp_path / "copy")
    (copy / "trials" / "0" / "predictions.npz").unlink()
    again = {row.trial: row for row in leaderboard(read_record(RunDirectory.open(copy)))}
    assert again[0].predictions == ""


def test_a_search_over_folds_goes_on_where_it_was(run: automl.Run, tmp_path: Path) -> None:
    part = automl.search("iris", trials=2, pruner="none", directory=tmp_path / "part", **OPTIONS)
    assert not (part.path / "arrays").exists()  # they are prepared again
    part.resume(trials=3, verbose=0)
    scores = [
        [(trial.config, trial.result and trial.result.folds) for trial in one.record.trials]
        for one in (part, run)
    ]
    assert scores[0] == scores[1]
    recorded = json.loads((part.path / "run.json").read_text())
    assert recorded["request"]["data"]["cv"] == 3
