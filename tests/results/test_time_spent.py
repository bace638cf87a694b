"""Where the worker seconds of a run went."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from study_maker import add_trial, make_run, open_study, result

from automl.cli.trial_text import trial_text
from automl.common.forms import to_form
from automl.results.overview import overview_text
from automl.results.read_record import read_record
from automl.results.time_spent import time_lines, time_spent
from automl.trial import FailureCause, TrialState


def test_each_kind_of_trial_has_its_line(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    study = open_study(run)
    form = {"config": {}, "seed": 5, "result": to_form(result(0.9, seconds=1.0))}
    study.set_user_attr("baseline:linear", form)
    beside = to_form(result(0.3, seconds=90.0))  # in no worker
    study.set_user_attr("baseline:boosting", {"config": {}, "seed": 6, "result": beside})
    add_trial(study, result(0.5, seconds=4.0), {"depth": 1})
    add_trial(study, result(0.4, seconds=5.0), {"depth": 1})
    add_trial(study, result(0.7, TrialState.PRUNED, seconds=2.0), {"depth": 2})
    failed = result(0.0, TrialState.FAILED, seconds=8.0, cause=FailureCause.DIVERGED)
    add_trial(study, failed, {"depth": 3})
    add_trial(study, None, {"depth": 4})  # still running: nothing is known of it
    record = read_record(run)
    spent = {one.what: one for one in time_spent(record)}
    assert {what: (one.trials, one.seconds) for what, one in spent.items()} == {
        "completed": (2, 9.0),
        "pruned": (1, 2.0),
        "failed": (1, 8.0),
        "over limits": (0, 0),
        "baselines": (1, 1.0),
    }
    assert sum(one.share for one in spent.values()) == pytest.approx(1.0)
    assert (spent["completed"].longest, spent["completed"].longest_seconds) == (1, 5.0)
    assert json.loads(json.dumps(to_form(spent["failed"])))["share"] == 0.4
    assert time_lines(record)[0] == "completed: 2, 9.0 s (45 %), the longest 5.0 s (trial 1)"
    text = overview_text(run, record)
    assert "failed: 1, 8.0 s (40 %)" in text
    assert "failed: 1" not in trial_text(run, record, 0)


def test_a_run_without_trials_has_no_lines(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    open_study(run)
    assert time_lines(read_record(run)) == []
