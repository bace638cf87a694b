"""A search in which each trial has a division of its own: scored, exported, resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_iris

import automl
from automl.data.metrics import Objective
from automl.data.prepare import RowsAgain
from automl.data.request import DataRequest
from automl.engines.processes import Processes
from automl.errors import RequestError
from automl.results.run_directory import RunDirectory
from automl.space.registry import find_space
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialSpec
from automl.tuning.manifest import recorded_request
from tests.lent import lending

pytestmark = pytest.mark.usefixtures("warm")
OPTIONS: dict[str, Any] = {
    "holdout": "reshuffle",
    "epochs": 3,
    "workers": 1,
    "verbose": 0,
    "seed": 4,
    "pruner": "none",
}


def request_of(run: automl.Run) -> DataRequest:
    directory = RunDirectory.open(run.path)
    return recorded_request(directory, directory.read_manifest()).data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> automl.Run:
    folder = tmp_path_factory.mktemp("reshuffle") / "run"
    with lending(processes):
        return automl.search("iris", trials=3, directory=folder, **OPTIONS)


def test_a_trial_is_scored_on_its_own_rows(run: automl.Run, tmp_path: Path) -> None:
    rows = RowsAgain(request_of(run))
    for trial in run.record.trials:
        assert isinstance(trial.trial, int)
        assert trial.result is not None
        folder = tmp_path / str(trial.trial)
        folder.mkdir()
        by_hand = train_trial(
            TrialSpec(0, trial.config, trial.seed or 0, TrialBudget(3, 10)),
            find_space("mlp"),
            DeviceData.from_arrays(rows.of(trial.trial)[0]),
            Objective("log_loss", "minimize"),
            folder / "trials" / "0",
            lambda _: Answer.GO_ON,
            lambda: None,
        )
        # Workers have one thread, and this process several: sums may differ in their last digits.
        assert by_hand.score == pytest.approx(trial.result.score, rel=1e-5)


@pytest.mark.slow
def test_the_best_and_others_are_exported_with_their_own_plans(
    run: automl.Run, tmp_path: Path
) -> None:
    assert (run.path / "best" / "model.keras").exists()
    plans = [(run.path / "trials" / str(n) / "plan.json").read_text() for n in range(3)]
    assert len(set(plans)) == 3
    for number in range(3):
        run.export(tmp_path / str(number), trial=number)  # checked on its own validation rows
    best = run.record.best()
    assert best is not None
    assert run.record.test_scores[best.trial]["log_loss"] > 0.0


def test_the_board_says_that_scores_come_from_different_rows(run: automl.Run) -> None:
    assert any("Each trial has a division of its own" in n for n in run.record.notes)
    assert any("each trial has a division of its own" in note for note in run.notes)


def test_a_search_goes_on_with_the_same_rows(run: automl.Run, tmp_path: Path) -> None:
    x_y = load_iris(return_X_y=True)
    part = automl.search(x_y, trials=2, directory=tmp_path / "part", **OPTIONS)
    with pytest.raises(RequestError, match="in memory"):
        part.resume(trials=3, verbose=0)
    part.resume(data=x_y, trials=3, verbose=0)
    whole = automl.search(x_y, trials=3, directory=tmp_path / "whole", **OPTIONS)
    scores = [
        [(t.config, t.result and t.result.score) for t in one.record.trials]
        for one in (part, whole)
    ]
    assert scores[0] == scores[1]
