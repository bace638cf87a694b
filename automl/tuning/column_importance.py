"""How much each column of a table matters to a trained model of a run."""

from __future__ import annotations

import math
from contextlib import closing
from typing import Any

from automl.data.metrics import default_objective
from automl.engines.run_in_child import run_in_child
from automl.engines.warm_processes import warm_processes
from automl.errors import RequestError, RunError
from automl.results.board_columns import number
from automl.results.export_request import code_needed, model_of
from automl.results.reading_report import ReadingReport, ReportColumn
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory
from automl.results.trial_plan import recorded_plan
from automl.tuning.rows_beside import rows_beside
from automl.vocabulary.directions import sign_of

REPEATS = 10
#: Most seconds that it may take: a column of 10,000 rows is predicted ten times in one.
SECONDS = 7200.0


def column_importance(
    run: RunDirectory,
    record: RunRecord,
    trial: int | str | None = None,
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    trust: bool = False,
    source: Any = None,
) -> ReadingReport:
    """Estimates the permutation importance of each column, on validation rows.

    Args:
        run: The run.
        record: What its study says.
        trial: The trial's number or baseline's name; None for the best trial.
        repeats: How often each column is shuffled.
        seed: Of the shuffles.
        trust: Consent to run code that the run holds, where the trial's model needs it.
        source: The data, where they were given in memory and their prepared form is gone.

    Returns:
        A row for each column, the most important first: ``column``; ``drop``, by how much the
        objective is worse where the column is shuffled, in its units; ``low`` and ``high``, the
        ends of its 95 % interval over rows.

    Raises:
        RequestError: There is no such trial, it has no model, or the data are no table.
        RunError: The run cannot be read, or its data have changed.
        DataError: The data cannot be read any more.
    """
    if repeats < 1:
        raise RequestError(f"A column is shuffled once or more, not {repeats} times (--repeats).")
    found = record.best() if trial is None else record.find(trial)
    if found is None:
        raise RunError(f"No trial of {run.path} has completed, so there is no model to ask.")
    if found.members:
        raise RequestError(
            f"The {found.trial} has several models, each with its own inputs; give the number of "
            "one trial (--trial)."
        )
    if found.refit_of is not None:
        raise RequestError(
            "The refit is trained on the validation rows too, so they do not tell what matters on "
            f"new ones; give the number of its trial (--trial {found.refit_of})."
        )
    model = model_of(run, found)
    manifest = run.read_manifest()
    metric, direction = _metric(run, record, found)
    arguments = {"model": str(model), "metric": metric, "repeats": repeats, "seed": seed}
    arguments["code"] = code_needed(run, manifest, found.trial, trust)
    with (
        closing(warm_processes()) as processes,
        rows_beside(run, manifest, source, found.trial) as arrays,
    ):
        arguments["arrays"] = str(arrays)
        told = run_in_child(
            processes, "automl.training.permutation:permuted_in_child", arguments, SECONDS
        )
    return _report(record, found, metric, direction, told, repeats)


def _metric(run: RunDirectory, record: RunRecord, trial: TrialRecord) -> tuple[str, str]:
    """The metric that is compared, and its direction.

    Raises:
        RequestError: The rows are no table.
        RunError: The plan cannot be read.
    """
    _, plan, task = recorded_plan(run, trial.trial)
    if not plan.inputs.places():
        raise RequestError(
            f"The rows of {run.path} are arrays; --columns is for tables, whose columns mean "
            "something by themselves."
        )
    if record.of_predictions:
        return record.objective, record.direction
    usual = default_objective(task)
    return usual.name, usual.direction


def _report(
    record: RunRecord,
    trial: TrialRecord,
    metric: str,
    direction: str,
    told: dict[str, Any],
    repeats: int,
) -> ReadingReport:
    sign = sign_of(direction)
    rows = []
    for form in told["columns"]:
        ends = sorted(sign * _number(form[end]) for end in ("low", "high"))
        drop = sign * _number(form["difference"])
        rows.append({"column": form["column"], "drop": drop, "low": ends[0], "high": ends[1]})
    rows.sort(key=lambda row: -row["drop"])
    count = f"{told['rows']:,} of {told['of']:,}" if told["rows"] < told["of"] else told["of"]
    fold = " of the first fold" if trial.result is not None and trial.result.folds else ""
    notes = []
    shuffles = "1 shuffle" if repeats == 1 else f"{repeats} shuffles"
    useless = [row["column"] for row in rows if row["low"] <= 0.0]
    if useless:
        notes.append(
            f"Of {', '.join(useless)} the interval holds 0: the model may do as well without."
        )
    notes.append(
        "What two columns both tell, neither shows: with one shuffled, the model has the other."
    )
    if metric != record.objective:
        notes.append(
            f"{record.objective} cannot be computed of predictions alone, so it is {metric}."
        )
    return ReadingReport(
        f"{record.name}: by how much {metric} is worse without a column, for trial {trial.trial} "
        f"({metric} {number(told['score'])} on {count} validation rows{fold}), {shuffles} "
        "each, 95 % interval over rows",
        rows,
        _COLUMNS,
        notes,
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


_COLUMNS = (
    ReportColumn("column", lambda row: row["column"], right=False),
    ReportColumn("drop", lambda row: number(row["drop"])),
    ReportColumn("from", lambda row: number(row["low"])),
    ReportColumn("to", lambda row: number(row["high"])),
)
