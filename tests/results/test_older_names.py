"""Runs that were recorded when metrics had other names are read under today's."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_maker import add_trial, make_run, open_study, result

from automl.common.forms import to_form
from automl.data.metrics import Objective
from automl.data.task import Task, TaskKind
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.tuning.manifest import recorded_objective


@pytest.mark.parametrize(
    ("task", "old", "new"),
    [
        (Task(TaskKind.BINARY, 1, ("y",), (0, 1)), "pr_auc", "average_precision"),
        (Task(TaskKind.MULTILABEL, 2, ("a", "b")), "accuracy", "binary_accuracy"),
    ],
)
def test_old_names_are_read(tmp_path: Path, task: Task, old: str, new: str) -> None:
    run = make_run(tmp_path / "run", "maximize", old)
    run.write_manifest({**run.read_manifest(), "task": to_form(task)})
    study = open_study(run, "maximize")
    metrics = {old: 0.75, "f1": 0.5}
    add_trial(study, result(0.75, metrics=metrics, train_metrics={old: 0.875}), {"depth": 1})
    study.set_user_attr("test_scores", {"0": {old: 0.7}})
    record = read_record(run)
    (row,) = leaderboard(record)
    assert record.objective == new
    assert row.metrics == {new: 0.75, "f1": 0.5}
    assert row.gap == 0.125
    assert row.test_metrics == {new: 0.7}
    assert recorded_objective(run, run.read_manifest(), task) == Objective(new, "maximize")


def test_the_same_word_of_another_task_stays(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "maximize", "accuracy")
    task = Task(TaskKind.BINARY, 1, ("y",), (0, 1))
    run.write_manifest({**run.read_manifest(), "task": to_form(task)})
    add_trial(open_study(run, "maximize"), result(0.75), {"depth": 1})
    assert read_record(run).objective == "accuracy"
