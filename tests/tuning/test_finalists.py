"""Whole searches with finalists and an ensemble: what counts, what is exported, what is resumed."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine

import automl
from automl.data.arrays import view_folder
from automl.data.stored import open_view
from automl.export.bundle import load_keras
from automl.results.leaderboard import LeaderboardRow, leaderboard
from automl.results.record import TrialRecord
from automl.trial import TrialState
from automl.tuning import session
from automl.tuning.ensemble import Selected, select
from automl.tuning.finalists import FinalistDriver
from automl.tuning.observer import Observer

pytestmark = pytest.mark.usefixtures("warm")

TRIALS = 6


def search(directory: Path, data: Any = None, **options: Any) -> automl.Run:
    """Six short trials of a small space over three folds, by default of wine's rows in memory."""
    data = load_wine(return_X_y=True) if data is None else data
    usual: dict[str, Any] = {
        "space": "mlp",
        "settings": {"width": "16:32", "depth": "1:2", "optimizer": "adam", "batch_size": 32},
        "trials": TRIALS,
        "epochs": 6,
        "cv": 3,
        "workers": 1,
        "pruner": "none",
        "test": 0.2,
    }
    return automl.search(data, directory=directory, verbose=0, **{**usual, **options})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> automl.Run:
    return search(tmp_path_factory.mktemp("finalists") / "run")


def search_log(run: automl.Run) -> str:
    return (run.path / "search.log").read_text()


def finalists(run: automl.Run) -> list[TrialRecord]:
    return [trial for trial in run.record.trials if trial.is_finalist]


def test_the_best_and_the_default_are_trained_again_with_seeds_of_their_own(
    run: automl.Run,
) -> None:
    found = finalists(run)
    assert 0 in {trial.trial for trial in found}
    assert 2 <= len(found) <= 5
    for trial in found:
        views = [(one.number, one.view) for one in trial.scorings]
        assert views[:3] == [(1, "fold-1"), (1, "fold-2"), (1, "fold-3")]
        assert trial.score == pytest.approx(fmean(one.score or 0.0 for one in trial.scorings))
        assert trial.searched is not None and trial.searched.score != trial.score
        assert trial.seed not in {one.seed for one in trial.scorings}
    log = (run.path / "search.log").read_text()
    assert all(one.name.replace("_", " ") in log for trial in found for one in trial.scorings)
    seeds = [{(one.number, one.view): one.seed for one in trial.scorings} for trial in found]
    assert all(known[1, view] == seeds[0][1, view] for known in seeds for _, view in known)


def test_the_board_has_finalists_first_and_marks_who_is_not_told_from_the_best(
    run: automl.Run,
) -> None:
    rows = [row for row in leaderboard(run.record) if isinstance(row.trial, int)]
    scored = [row for row in rows if row.scorings]
    assert rows[: len(scored)] == scored
    assert [row.score for row in scored] == sorted(row.score or 0.0 for row in scored)
    assert not scored[0].tied
    best = run.record.best()
    assert best is not None and best.trial == scored[0].trial
    frame = run.leaderboard().set_index("trial")
    assert frame.loc[best.trial, "scorings"] == len(best.scorings)
    assert frame.loc[best.trial, "search_score"] == scored[0].search_score


def test_what_is_exported_is_scored_on_the_test_rows_first(run: automl.Run) -> None:
    record = run.record
    best, made = record.best(), [str(one.trial) for one in record.ensembles]
    assert best is not None
    chosen = [record.chosen] if record.chosen else []
    others = [name for name in made if name not in chosen]
    order = [*chosen, best.trial, "linear", *others, "majority"]
    assert list(record.test_scores) == order


def test_ensembles_are_rows_with_their_own_test_scores(run: automl.Run) -> None:
    rows = {row.trial: row for row in leaderboard(run.record)}
    for name in ("bag", "ensemble"):
        assert rows[name].rank is not None
        assert sum(rows[name].members.values()) == pytest.approx(1.0)
        assert set(rows[name].folds) == {"fold-1", "fold-2", "fold-3"}
        assert "log_loss" in rows[name].test_metrics
    best = run.record.best()
    assert best is not None
    assert set(rows["bag"].members) == {one.name for one in best.scorings}


@pytest.mark.parametrize("name", ["bag", "ensemble"])
def test_an_exported_ensemble_answers_in_plain_keras_what_was_scored(
    name: str, run: automl.Run, tmp_path: Path
) -> None:
    run.export(tmp_path / "model", name)
    record = run.record.find(name)
    arrays = run.path / "arrays"
    expected, truth = 0.0, None
    for one in record.members:
        view = open_view(arrays, one.view)
        assert view.test is not None
        core = load_keras(run.path / "trials" / one.name / "model.keras")
        inputs = {key: np.asarray(values) for key, values in view.test.inputs.items()}
        expected = expected + one.weight * np.asarray(core(inputs))
        truth = np.asarray(view.test.truth)
    assert truth is not None
    loss = -np.log(np.asarray(expected)[np.arange(len(truth)), truth.astype(int)]).mean()
    assert run.record.test_scores[name]["log_loss"] == pytest.approx(loss, rel=1e-4)
    raw = open_view(arrays, "fold-1")
    assert view_folder(arrays, "fold-1") == arrays
    assert raw.test is not None
    scale = raw.plan.signature
    x = np.asarray(raw.test.inputs["numeric"]) * np.asarray(scale.std) + np.asarray(scale.mean)
    answers = load_keras(tmp_path / "model" / "model.keras")(x.astype(np.float32))
    assert np.allclose(np.asarray(answers), expected, atol=1e-4)


class KilledError(BaseException):
    """Stands for SIGKILL."""


class Killing(Observer):
    """Ends the process, as it were, after some finalists' trainings."""

    def __init__(self, after: int) -> None:
        self.left = after

    def trial_ended(self, trial: int | str, result: Any) -> None:
        if isinstance(trial, str) and trial.startswith("scoring"):
            self.left -= 1
            if not self.left:
                raise KilledError


@pytest.mark.parametrize("after", [1, 4])
def test_a_race_that_was_killed_ends_in_the_unbroken_leaderboard(
    after: int, run: automl.Run, tmp_path: Path
) -> None:
    with pytest.raises(KilledError):
        search(tmp_path / "run", observer=Killing(after))
    broken = automl.load_run(tmp_path / "run")
    assert not finalists(broken) or after >= 3
    broken.resume(data=load_wine(return_X_y=True), verbose=0)
    assert told(broken) == told(run)


def test_a_finished_run_that_is_resumed_scores_nothing_again(
    run: automl.Run, tmp_path: Path
) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    before = (tmp_path / "run" / "study.log").read_bytes()
    copy = automl.load_run(tmp_path / "run")
    copy.resume(data=load_wine(return_X_y=True), space="mlp", verbose=0)
    assert told(copy) == told(run)
    assert b"test_scores" not in (tmp_path / "run" / "study.log").read_bytes()[len(before) :]


def test_fair_scores_stay_until_those_of_other_finalists_count(
    run: automl.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resumption that wants one finalist more, and has no time to train it, undoes nothing."""
    shutil.copytree(run.path, tmp_path / "run")
    copy = automl.load_run(tmp_path / "run")
    known = {trial.trial for trial in finalists(copy)}
    more = next(
        trial.trial
        for trial in copy.record.trials
        if trial.trial not in known and trial.state is TrialState.COMPLETED
    )
    monkeypatch.setattr(session, "choose_finalists", lambda *_: (*sorted(known), more))
    monkeypatch.setattr(FinalistDriver, "_fill_slots", lambda _: None)
    copy.resume(data=load_wine(return_X_y=True), space="mlp", verbose=0)
    assert {trial.trial for trial in finalists(copy)} == known
    assert told(copy) == told(run)


def told(run: automl.Run) -> list[dict[str, Any]]:
    """The board but for seconds."""

    def plain(row: LeaderboardRow) -> dict[str, Any]:
        return {**vars(row), "seconds": 0.0}

    return [plain(row) for row in leaderboard(run.record)]


def test_none_are_trained_where_nobody_wants_them(tmp_path: Path) -> None:
    run = search(tmp_path / "run", finalists=0, cv="none", trials=5)
    assert not finalists(run) and not run.record.ensembles


def test_of_many_validation_rows_the_trials_models_make_an_ensemble_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl.tuning.ensembling.OWN_FROM", 20)

    def both(members: Any, *arguments: Any) -> Selected:  # which it takes is another test's
        assert len(members) > 1
        found = select(members, *arguments)
        return dataclasses.replace(found, weights={0: 0.5, 1: 0.5}, gain=9.0, score=0.0)

    monkeypatch.setattr("automl.tuning.ensembling.select", both)
    run = search(tmp_path / "run", finalists=0, cv="none", trials=10)
    assert not finalists(run)
    [made] = run.record.ensembles
    members = {member.name for member in made.members}
    assert members and members <= {str(trial.trial) for trial in run.record.trials}
    assert made.trial in run.record.test_scores


def test_without_an_ensemble_the_best_trial_is_exported(tmp_path: Path) -> None:
    run = search(tmp_path / "run", no_ensemble=True, cv="none", trials=5)
    assert finalists(run) and not run.record.ensembles
    exported, best = run.record.exported, run.record.best()
    assert exported is not None and best is not None and exported.trial == best.trial


def test_the_luckiest_training_alone_is_no_ensemble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def luckiest(members: Any, *arguments: Any) -> Selected:
        assert len(members) > 1
        return dataclasses.replace(select(members, *arguments), weights={1: 1.0}, gain=9.0)

    monkeypatch.setattr("automl.tuning.ensembling.select", luckiest)
    run = search(tmp_path / "run", cv="none", trials=5)
    assert finalists(run) and not run.record.ensembles
    exported, best = run.record.exported, run.record.best()
    assert exported is not None and best is not None and exported.trial == best.trial
    assert not (run.path / "trials" / "ensemble").exists()
    assert "No ensemble is made: one model alone answers" in search_log(run)


def test_on_one_division_an_ensemble_s_error_is_that_over_its_parts(tmp_path: Path) -> None:
    run = search(tmp_path / "run", cv="none", trials=5)
    [row] = [row for row in leaderboard(run.record) if row.trial == "ensemble"]
    assert row.standard_error is not None and row.standard_error > 0 and row.folds == {}


def test_an_objective_that_predictions_do_not_tell_makes_no_ensemble(tmp_path: Path) -> None:
    run = search(tmp_path / "run", objective="loss", cv="none", trials=5)
    assert finalists(run) and not run.record.ensembles
    assert "No ensemble is made: loss is told by each model" in search_log(run)
    assert (run.path / "best" / "model.keras").is_file()


def test_folds_that_read_a_column_otherwise_make_no_ensemble_and_it_is_said(tmp_path: Path) -> None:
    frame = load_wine(as_frame=True).frame
    frame["fold"] = np.arange(len(frame)) % 3
    frame["hue"] = np.where(frame["fold"] == 2, "deep", frame["hue"].round(1).astype(str))
    frame.to_csv(tmp_path / "wine.csv", index=False)
    data, options = tmp_path / "wine.csv", {"target": "target", "fold_column": "fold"}
    run = search(tmp_path / "run", data, cv=None, trials=5, **options)
    assert finalists(run) and not run.record.ensembles
    assert "No ensemble is made: the folds read some column otherwise" in search_log(run)
    assert (run.path / "best" / "model.keras").is_file()
