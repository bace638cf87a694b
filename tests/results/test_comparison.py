"""Runs on the same data side by side: who is better, by how much, and what cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study_maker import add_trial, make_run, open_study, result

from automl.data.metrics import compute_metric
from automl.data.task import Task, TaskKind
from automl.errors import RequestError, RunError
from automl.results.comparison import compare_runs
from automl.results.predictions import ViewPredictions, add_predictions
from automl.results.read_record import read_record
from automl.results.reading_report import ReadingReport
from automl.results.readings.report import report_text
from automl.results.run_directory import RunDirectory

TASK = Task(TaskKind.BINARY, 1, ("y",), (0, 1))
TRUTH = np.random.default_rng(0).integers(0, 2, (200, 1)).astype(np.float32)


def made(
    path: Path,
    strength: float,
    views: Sequence[Sequence[int]] = (range(100),),
    *,
    score: float = 0.5,
    truth: Any = TRUTH,
    objective: str = "log_loss",
    data: dict[str, Any] | None = None,
    fingerprint: str = "f00d",
    is_kept: bool = True,
    is_recorded: bool = True,
    direction: str = "minimize",
) -> RunDirectory:
    """A run whose best trial knows so much of the truth, on the rows of some views."""
    run = make_run(path, objective=objective, direction=direction)
    manifest = {key: value for key, value in run.read_manifest().items() if key != "sha256"}
    manifest["request"] = {"data": data or {"seed": 0}, "space": "mlp", "sampler": "tpe"}
    manifest["data"] = {"fingerprint": fingerprint, "rows": {"test": 20}}
    manifest["task"] = {"kind": "binary", "outputs": 1, "targets": ["y"], "classes": [0, 1]}
    run.write_manifest(manifest)
    add_trial(open_study(run, direction), result(score), {"depth": 1})
    rng = np.random.default_rng(len(views))
    known = {}
    for number, rows in enumerate(views, 1):
        at = np.array(rows, np.int64)
        noise = rng.uniform(0.01, 0.99, (len(at), 1))
        values = strength * (0.1 + 0.8 * TRUTH[at]) + (1 - strength) * noise
        beside = (at, truth[at]) if is_recorded else (None, None)
        known[f"fold-{number}"] = ViewPredictions(values.astype(np.float32), *beside)
    if is_kept:
        add_predictions(run.root, run.trial_directory(0), known)
    return run


def compared(*runs: RunDirectory) -> ReadingReport:
    return compare_runs(runs, [read_record(run) for run in runs])


def test_the_better_run_comes_first_with_its_difference(tmp_path: Path) -> None:
    worse = made(tmp_path / "worse", 0.3, score=0.9)
    good = made(tmp_path / "good", 0.9, score=0.2)
    report = compared(worse, good)
    first, second = report.rows
    assert [Path(row["run"]).name for row in report.rows] == ["good", "worse"]
    assert first["difference"] is None and first["why"] == ""
    assert 0.0 < second["low"] < second["difference"] < second["high"]
    assert second["rows"] == 100
    assert (second["space"], second["sampler"], second["completed"]) == ("mlp", "tpe", 1)
    assert not any("cannot be told apart" in note for note in report.notes)


def test_rows_are_paired_by_their_position(tmp_path: Path) -> None:
    forward = made(tmp_path / "a", 0.5, [range(100)], score=0.1)
    # The same model on other rows too, in another order and in folds.
    order = np.random.default_rng(5).permutation(np.arange(50, 150))
    folds = made(tmp_path / "b", 1.0, [order[:50].tolist(), order[50:].tolist()], score=0.2)
    row = compared(forward, folds).rows[1]
    assert row["rows"] == 50
    exact = 0.1 + 0.8 * TRUTH[50:100]
    noise = np.random.default_rng(1).uniform(0.01, 0.99, (100, 1))[50:]
    known = compute_metric("log_loss", TASK, TRUTH[50:100], exact) - compute_metric(
        "log_loss", TASK, TRUTH[50:100], 0.5 * exact + 0.5 * noise
    )
    assert row["difference"] == pytest.approx(known, abs=1e-6)
    assert row["high"] < 0.0


def test_rows_of_repeats_count_once(tmp_path: Path) -> None:
    once = made(tmp_path / "a", 0.5, score=0.1)
    twice = made(tmp_path / "b", 0.5, [range(60), range(40, 100)], score=0.2)
    assert compared(once, twice).rows[1]["rows"] == 100


def test_equals_cannot_be_told_apart(tmp_path: Path) -> None:
    runs = [made(tmp_path / name, 0.6, score=0.4) for name in "ab"]
    report = compared(*runs)
    assert report.rows[1]["difference"] == 0.0
    assert any("cannot be told apart on their 100" in note for note in report.notes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"views": [range(100, 150)]}, "validated on different rows"),
        ({"is_kept": False}, "were not kept"),
        ({"is_recorded": False}, "does not record which rows"),
    ],
)
def test_without_common_rows_there_is_no_difference_and_a_reason(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    report = compared(
        made(tmp_path / "a", 0.5, score=0.1), made(tmp_path / "b", 0.4, score=0.2, **changes)
    )
    row = report.rows[1]
    assert row["difference"] is row["low"] is None
    assert why in row["why"] and any(why in note for note in report.notes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fingerprint": "beef"}, "their data differ"),
        ({"objective": "accuracy"}, r"objectives differ \(log_loss and accuracy\)"),
        ({"data": {"seed": 7}}, r"for --seed does \(0 and 7\)"),
        ({"data": {"seed": 0, "group": "town"}}, r"for --group does \(none and town\)"),
        ({"data": {"seed": 0, "weight": "w"}}, r"other weights \(--weight none and w\)"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    one, other = made(tmp_path / "a", 0.5), made(tmp_path / "b", 0.5, **changes)
    with pytest.raises(RequestError, match=told):
        compared(one, other)


def test_a_run_is_not_compared_with_itself(tmp_path: Path) -> None:
    run = made(tmp_path / "a", 0.5)
    for runs in ([run], [run, run]):
        with pytest.raises(RequestError, match="Two different runs"):
            compared(*runs)


def test_predictions_of_another_truth_are_refused(tmp_path: Path) -> None:
    one = made(tmp_path / "a", 0.5)
    other = made(tmp_path / "b", 0.5, truth=1.0 - TRUTH)
    with pytest.raises(RunError, match="different true values"):
        compared(one, other)


def test_a_loss_of_the_models_own_has_no_difference(tmp_path: Path) -> None:
    runs = [made(tmp_path / name, 0.5, objective="loss") for name in "ab"]
    assert "cannot be computed of predictions" in compared(*runs).rows[1]["why"]


def test_larger_is_better_where_the_objective_says_so(tmp_path: Path) -> None:
    options: dict[str, Any] = {"objective": "accuracy", "direction": "maximize"}
    low = made(tmp_path / "low", 0.1, score=0.6, **options)
    high = made(tmp_path / "high", 0.9, score=0.9, **options)
    report = compared(low, high)
    assert Path(report.rows[0]["run"]).name == "high"
    assert report.rows[1]["high"] < 0.0


def test_every_format_names_the_runs(tmp_path: Path) -> None:
    report = compared(made(tmp_path / "first", 0.5), made(tmp_path / "second", 0.4))
    for format_ in ("table", "csv", "json", "markdown"):
        text = report_text(report, format_)
        assert "first" in text and "second" in text


def test_an_objective_that_the_task_does_not_have_gives_no_difference(tmp_path: Path) -> None:
    runs = [made(tmp_path / name, 0.5, objective="mse") for name in "ab"]
    rows = compared(*runs).rows
    assert rows[1]["difference"] is None
    assert rows[1]["why"] == "mse is no metric of a binary task"
