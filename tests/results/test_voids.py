"""A voided trial stays on the leaderboard without a rank, and nothing is best that has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from study_maker import add_trial, make_run, open_study, result

from automl.errors import RunError
from automl.results.ensembles import EnsembleForm, MemberForm, ensemble_entry
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.readings.csv import write_leaderboard_csv
from automl.results.recorded_board import record_of_board
from automl.results.run_directory import RunDirectory
from automl.results.scorings import scoring_name, trial_of_model
from automl.results.voids import void_entry, voided_trials
from automl.trial import TrialState

DATE = "2026-11-29T05:00:00+00:00"


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    run = make_run(tmp_path / "run")
    study = open_study(run)
    for score in (0.5, 0.3, 0.4):
        add_trial(study, result(score), {"depth": 1})
    add_trial(study, result(0.7, TrialState.PRUNED), {"depth": 2})
    return run


def void(run: RunDirectory, trial: int, reason: str) -> None:
    open_study(run).set_user_attr(*void_entry(trial, reason, DATE))


def test_the_best_trial_is_then_another_one(run: RunDirectory) -> None:
    void(run, 1, "=leak")
    record = read_record(run)
    best = record.best()
    assert best is not None and best.trial == 2
    assert record.find(1).state is TrialState.COMPLETED
    rows = leaderboard(record)
    assert [(row.trial, row.rank) for row in rows] == [(2, 1), (0, 2), (1, None), (3, None)]
    [row] = [row for row in rows if row.trial == 1]
    assert (row.state, row.score, row.reason) == ("completed", 0.3, "void: =leak")


def test_the_last_word_counts_and_none_is_removed(run: RunDirectory) -> None:
    void(run, 1, "leak")
    written = run.study_file.read_bytes()
    void(run, 1, "")
    assert run.study_file.read_bytes().startswith(written)
    best = read_record(run).best()
    assert best is not None and best.trial == 1


def test_what_earlier_versions_read_is_as_it_was(run: RunDirectory) -> None:
    before = run.study_file.read_bytes()
    void(run, 1, "leak")
    added = run.study_file.read_bytes().removeprefix(before)
    opened, word = map(json.loads, added.splitlines())
    # An attribute of the study, of a name that they do not know and so pass over.
    assert (opened["op_code"], word["op_code"], list(word["user_attr"])) == (0, 2, ["void:1"])


def test_without_a_valid_trial_there_is_no_best_one(run: RunDirectory) -> None:
    for trial in range(3):
        void(run, trial, "leak")
    assert read_record(run).best() is None
    assert [row.rank for row in leaderboard(read_record(run))] == [None] * 4


def test_an_ensemble_with_its_model_is_void_too(run: RunDirectory) -> None:
    study = open_study(run)
    names = ("0", scoring_name(1, 2, "fold-1"))
    members = tuple(MemberForm(name, "holdout", 0.5) for name in names)
    study.set_user_attr(*ensemble_entry("ensemble", EnsembleForm(members, 0.2, {})))
    study.set_user_attr("chosen", "ensemble")
    exported = read_record(run).exported
    assert exported is not None and exported.trial == "ensemble"
    void(run, 1, "leak")
    record = read_record(run)
    assert record.exported is not None and record.exported.trial == 2
    [ensemble] = record.ensembles
    assert ensemble.voided == "its member of trial 1 is void (leak)"
    assert not ensemble.is_ranked


def test_a_board_is_read_back_with_it(run: RunDirectory) -> None:
    void(run, 1, "=leak")
    write_leaderboard_csv(leaderboard(read_record(run)), run.leaderboard_file)
    board = record_of_board(run, "log_loss", "minimize")
    assert {trial.trial: trial.voided for trial in board.trials} == {
        0: "", 1: "=leak", 2: "", 3: ""
    }  # fmt: skip
    best = board.best()
    assert best is not None and best.trial == 2


@pytest.mark.parametrize("value", ["leak", {"reason": 3, "date": DATE}, {"date": DATE}])
def test_what_nobody_has_written_so_is_told(value: object) -> None:
    with pytest.raises(RunError, match="voided trial 1 cannot be read"):
        voided_trials({"void:1": value})


def test_a_number_that_is_none_is_told() -> None:
    with pytest.raises(RunError, match="voided trial x cannot be read"):
        voided_trials({f"void:{'x'}": {"reason": "leak", "date": DATE}})


def test_the_trial_of_a_model() -> None:
    assert trial_of_model("17") == 17
    assert trial_of_model(scoring_name(17, 1, "fold-2")) == 17
    assert trial_of_model("linear") is None
