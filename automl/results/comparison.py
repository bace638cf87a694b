"""Several runs on the same data side by side, with the differences between their best models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.shell import shown_path
from automl.data.metrics import compute_metric
from automl.data.task import Task
from automl.errors import RequestError, RunError
from automl.results.board_columns import number
from automl.results.bootstrap import bootstrap_difference
from automl.results.leaderboard import LeaderboardRow, leaderboard
from automl.results.predictions import ViewPredictions, read_predictions
from automl.results.reading_report import ReadingReport, ReportColumn
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory
from automl.results.trial_plan import read_part
from automl.trial import PREDICTIONS_FILE, TrialState
from automl.vocabulary.directions import better_word
from automl.vocabulary.metrics import find_metric

#: What decides which rows are test rows, as a request calls it.
_TEST_ROWS = ("target", "task", "test", "seed", "split_by_time", "gap", "group")


@dataclass(frozen=True)
class ComparedRun:
    """A run on the table.

    Attributes:
        run: Its directory.
        candidate: What it exports: a trial's number, or the name of an ensemble; of a refit, which
            no rows have validated, the best trial.
        score: The objective of that on the validation rows.
        standard_error: Of a mean over folds or scorings; else None.
        test_score: The objective on the test rows, where it was scored there; else None.
        trials: Trials that were begun.
        completed: Those that have completed.
        seconds: Worker seconds that all of its trials and baselines took.
        space: The search space.
        sampler: What proposed the trials.
        difference: The metric of its model less that of the first run's, on the validation rows
            of both; None where there are none, and for the first.
        low: Lower end of the 95 % interval of the difference.
        high: Upper end.
        rows: How many rows both were validated on.
        why: Why there is no difference, or "".
    """

    run: str
    candidate: int | str | None
    score: float | None
    standard_error: float | None
    test_score: float | None
    trials: int
    completed: int
    seconds: float
    space: str
    sampler: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    why: str = ""


@dataclass(frozen=True)
class _Entry:
    """A run with what was read of it."""

    run: RunDirectory
    record: RunRecord
    manifest: Mapping[str, Any]
    best: TrialRecord | None

    @property
    def name(self) -> str:
        return shown_path(self.run.path)

    @property
    def loss(self) -> float:
        """The score of its best model as what is to be small."""
        return self.record.loss(None if self.best is None else self.best.score)

    @property
    def row(self) -> LeaderboardRow | None:
        """What stands on its leaderboard of its best."""
        rows = leaderboard(self.record)
        return next((row for row in rows if self.best and row.trial == self.best.trial), None)


def compare_runs(runs: Sequence[RunDirectory], records: Sequence[RunRecord]) -> ReadingReport:
    """Compares runs on the same data.

    Args:
        runs: The runs, two or more.
        records: What their studies say.

    Returns:
        A row for each run, the best first; see `ComparedRun`. The differences are those of the
        models' predictions on the validation rows that both were scored on, with intervals by the
        paired bootstrap.

    Raises:
        RequestError: They are fewer than two, or their data, objective or test rows differ.
        RunError: One cannot be read.
    """
    if len({run.path.resolve() for run in runs}) < len(runs) or len(runs) < 2:
        raise RequestError("Two different runs or more are compared; give the directory of each.")
    entries = [
        _Entry(run, record, run.read_manifest(), record.validated)
        for run, record in zip(runs, records, strict=True)
    ]
    for other in entries[1:]:
        _check_alike(entries[0], other)
    ranked = sorted(entries, key=lambda one: one.loss)
    first = ranked[0]
    compared = [_compared(first, entry) for entry in ranked]
    objective = first.record.objective
    less = better_word(first.record.direction)
    return ReadingReport(
        f"{len(runs)} runs on the same data, by validation {objective}, {less} is better",
        [vars(one) for one in compared],
        _columns(objective),
        _notes(compared, objective),
    )


def _check_alike(one: _Entry, other: _Entry) -> None:
    """Checks that two runs can be compared.

    Raises:
        RequestError: They cannot.
    """
    start = f"{one.name} and {other.name} cannot be compared:"
    prints = [(entry.manifest.get("data") or {}).get("fingerprint") for entry in (one, other)]
    if prints[0] != prints[1] or prints[0] is None:
        raise RequestError(f"{start} their data differ; search both on the same file.")
    objectives = [(entry.record.objective, entry.record.direction) for entry in (one, other)]
    if objectives[0] != objectives[1]:
        raise RequestError(
            f"{start} their objectives differ ({objectives[0][0]} and {objectives[1][0]}); search "
            "both with the same --objective."
        )
    asked = [_data(entry) for entry in (one, other)]
    for name in _TEST_ROWS:
        values = [form.get(name) for form in asked]
        if values[0] != values[1]:
            shown = " and ".join("none" if value in (None, []) else str(value) for value in values)
            raise RequestError(
                f"{start} their test rows differ, for --{name.replace('_', '-')} does ({shown}); "
                "search both with the same."
            )
    weights = [form.get("weight") for form in asked]
    if weights[0] != weights[1]:
        shown = " and ".join("none" if weight is None else str(weight) for weight in weights)
        raise RequestError(
            f"{start} their rows have other weights (--weight {shown}); search both with the same."
        )
    tests = [((entry.manifest.get("data") or {}).get("rows") or {}) for entry in (one, other)]
    if tests[0].get("test") != tests[1].get("test"):
        raise RequestError(
            f"{start} they have {tests[0].get('test')} and {tests[1].get('test')} test rows; "
            "search both with the same version of automl."
        )


def _data(entry: _Entry) -> Mapping[str, Any]:
    form = (entry.manifest.get("request") or {}).get("data")
    return form if isinstance(form, Mapping) else {}


def _compared(first: _Entry, entry: _Entry) -> ComparedRun:
    record, row = entry.record, entry.row
    request = entry.manifest.get("request") or {}
    results = [one.trained for one in (*record.trials, *record.baselines)]
    again = [one.result for trial in record.trials for one in trial.scorings]
    told: dict[str, Any] = {
        "run": str(entry.run.path),
        "candidate": None if row is None else row.trial,
        "score": None if row is None else row.score,
        "standard_error": None if row is None else row.standard_error,
        "test_score": None if row is None else row.test_metrics.get(record.objective),
        "trials": len(record.counted),
        "completed": sum(one.state is TrialState.COMPLETED for one in record.trials),
        "seconds": sum(one.seconds for one in (*results, *again) if one is not None),
        "space": str(request.get("space")),
        "sampler": str(request.get("sampler")),
    }
    if entry is first:
        return ComparedRun(**told)
    return ComparedRun(**told, **_difference(first, entry))


def _difference(first: _Entry, entry: _Entry) -> dict[str, Any]:
    """The difference of the models' metric on their common rows, or why there is none."""
    name = first.record.objective
    if not first.record.of_predictions:
        return {"why": f"{name} cannot be computed of predictions alone"}
    task = read_part(Task, entry.manifest.get("task"), entry.run.manifest_file)
    metric = find_metric(name, task.kind)
    if metric is None:
        return {"why": f"{name} is no metric of a {task.kind} task"}
    known = []
    for one in (first, entry):
        found, why = _predicted(one, task)
        if found is None:
            return {"why": why}
        known.append(found)
    _, ours, theirs = np.intersect1d(known[0].rows, known[1].rows, return_indices=True)
    if not len(ours):
        return {"why": f"{first.name} and {entry.name} were validated on different rows"}
    mine, other = known[0].at(ours), known[1].at(theirs)
    if not np.array_equal(mine.truth, other.truth):
        raise RunError(
            f"The predictions of {first.name} and {entry.name} are of different true values, "
            "though their data are the same; restore them from a copy."
        )
    weight = mine.weight
    values = [compute_metric(metric, task, x.truth, x.values, weight) for x in (mine, other)]
    interval = bootstrap_difference(task, metric, mine.truth, [other.values], mine.values, weight)
    return {
        "difference": values[1] - values[0],
        "low": interval.low,
        "high": interval.high,
        "rows": len(ours),
    }


@dataclass(frozen=True)
class _Predicted:
    """A model's predictions on all rows that it was validated on, each row once."""

    values: npt.NDArray[Any]
    rows: npt.NDArray[np.int64]
    truth: npt.NDArray[Any]
    weight: npt.NDArray[Any] | None

    def at(self, places: npt.NDArray[np.intp]) -> _Predicted:
        weight = None if self.weight is None else self.weight[places]
        return _Predicted(self.values[places], self.rows[places], self.truth[places], weight)


def _predicted(entry: _Entry, task: Task) -> tuple[_Predicted | None, str]:
    """The predictions of a run's candidate, or why there are none."""
    if entry.best is None:
        return None, f"no trial of {entry.name} has completed"
    file = entry.run.trial_file(entry.best.trial, PREDICTIONS_FILE)
    if not entry.run.root.is_file(file):
        return None, f"the predictions of {entry.best.trial} of {entry.name} were not kept"
    views = list(read_predictions(entry.run.root, file, task).values())
    if not views or any(view.rows is None or view.truth is None for view in views):
        return None, f"{entry.name} does not record which rows were predicted, as older runs do not"
    return _together(views), ""


def _together(views: Sequence[ViewPredictions]) -> _Predicted:
    """The views' predictions as one; of rows that several repeats have, the mean."""
    rows = np.concatenate([view.rows for view in views if view.rows is not None])
    truth = np.concatenate([view.truth for view in views if view.truth is not None])
    values = np.concatenate([view.values for view in views]).astype(np.float64)
    weights = [view.weight for view in views if view.weight is not None]
    found, first, places, times = np.unique(
        rows, return_index=True, return_inverse=True, return_counts=True
    )
    sums = np.zeros((len(found), values.shape[1]))
    np.add.at(sums, places, values)
    weight = np.concatenate(weights)[first] if weights else None
    return _Predicted(sums / times[:, None], found, truth[first], weight)


def _notes(compared: Sequence[ComparedRun], objective: str) -> list[str]:
    first, notes = compared[0], []
    for one in compared[1:]:
        name = shown_path(one.run)
        if one.why:
            notes.append(f"The difference of {name} has no interval, for {one.why}.")
        elif one.low is not None and one.high is not None and not (one.low > 0 or one.high < 0):
            notes.append(
                f"{name} and {shown_path(first.run)} cannot be told apart on their {one.rows:,} "
                "common validation rows."
            )
    if any(one.low is not None for one in compared):
        notes.append(
            f"Differences are of {objective} of the models' predictions on the validation rows of "
            "both, with 95 % intervals over rows (paired bootstrap); how the result varies with "
            "the seed they do not tell."
        )
    return notes


def _columns(objective: str) -> tuple[ReportColumn, ...]:
    def score(row: Mapping[str, Any]) -> str:
        error = row["standard_error"]
        return number(row["score"]) + ("" if error is None else f" ± {error:.2g}")

    def difference(row: Mapping[str, Any]) -> str:
        if row["difference"] is None:
            return ""
        return f"{row['difference']:+.4g} ({row['low']:+.3g} to {row['high']:+.3g})"

    return (
        ReportColumn("run", lambda row: shown_path(row["run"]), right=False),
        ReportColumn(
            "best",
            lambda row: "" if row["candidate"] is None else str(row["candidate"]),
            right=False,
        ),
        ReportColumn(objective, score),
        ReportColumn("test", lambda row: number(row["test_score"])),
        ReportColumn("trials", lambda row: f"{row['completed']} of {row['trials']}"),
        ReportColumn("seconds", lambda row: f"{row['seconds']:.1f}"),
        ReportColumn("space", lambda row: row["space"], right=False),
        ReportColumn("sampler", lambda row: row["sampler"], right=False),
        ReportColumn("difference", difference, right=False),
    )
