"""A run as its own ``leaderboard.csv`` has it: what is read where its database is not opened."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automl.common.bounded import MOST_TEXT, read_bounded
from automl.common.neutral import from_csv_cell
from automl.errors import RunError
from automl.results.record import RunRecord, TrialRecord
from automl.results.voids import VOID
from automl.trial import TrialResult, TrialState, Verdict, trial_named

if TYPE_CHECKING:
    from automl.results.run_directory import RunDirectory

_NUMBERS = {"score", "seconds", "epochs", "best_epoch", "parameters"}


def record_of_board(run: RunDirectory, objective: str, direction: str) -> RunRecord:
    """Reads a run's ``leaderboard.csv`` back.

    Args:
        run: The run's directory; its study is in a database.
        objective: Name of the objective.
        direction: ``minimize`` or ``maximize``.

    Returns:
        The run, with a note that says how to see what the database holds beyond.

    Raises:
        RunError: The file is not there, or cannot be read.
    """
    path = run.leaderboard_file
    try:
        text = read_bounded(run.root, path, MOST_TEXT).decode()
        lines = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        rows = [_record(line) for line in lines]
    except FileNotFoundError:
        rows, lines = [], []
    except (OSError, ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
        raise RunError(
            f"{path} cannot be read ({error}); name the run's database by --storage to read that."
        ) from error
    found = [row.trial for row in rows]
    if len(set(found)) < len(found):
        raise RunError(f"{path} names a trial twice; name the run's database by --storage.")
    return RunRecord(
        name=run.name,
        objective=objective,
        direction=direction,
        trials=tuple(sorted(_numbered(rows), key=lambda row: int(row.trial))),
        baselines=tuple(row for row in rows if isinstance(row.trial, str)),
        test_scores={
            row.trial: scores
            for row, line in zip(rows, lines, strict=True)
            if (scores := _part(line, "test_metrics", float))
        },
        test_intervals={
            row.trial: (ends["low"], ends["high"])
            for row, line in zip(rows, lines, strict=True)
            if (ends := _part(line, "test_interval", float)).keys() == {"low", "high"}
        },
        notes=(
            "The study is in a database, which is opened only when it is named; this is the run's "
            "own leaderboard.csv. To read the database, add --storage with its URL.",
        ),
    )


def _numbered(rows: list[TrialRecord]) -> list[TrialRecord]:
    return [row for row in rows if isinstance(row.trial, int)]


def _record(line: Mapping[str, str]) -> TrialRecord:
    state, name = TrialState(line["state"]), line["trial"]
    trial = trial_named(name)
    ended = state in (TrialState.COMPLETED, TrialState.PRUNED, TrialState.FAILED)
    numbers = {key: _number(line[key]) for key in _NUMBERS}
    result = TrialResult(
        state,
        score=numbers["score"],
        metrics=_part(line, "metrics", float),
        train_metrics=_part(line, "train_metrics", float),
        epochs=int(numbers["epochs"] or 0),
        best_epoch=int(numbers["best_epoch"] or 0),
        seconds=float(numbers["seconds"] or 0.0),
        parameters=int(numbers["parameters"] or 0),
        multiply_adds=int(line.get("multiply_adds") or 0),
        training_bytes=int(line.get("training_bytes") or 0),
        verdict=Verdict(line["verdict"]) if line["verdict"] else None,
        reason=from_csv_cell(line["reason"]),
        trainer=from_csv_cell(line.get("trainer") or ""),
        folds=tuple(_part(line, "folds", float).values()),
    )
    void, voided = result.reason.startswith(VOID) and not line["rank"], ""
    if void:
        result, voided = replace(result, reason=""), result.reason.removeprefix(VOID)
    return TrialRecord(
        trial=trial,
        state=state,
        voided=voided,
        config=_part(line, "config", _scalar),
        seed=int(line["seed"]) if line["seed"] else None,
        result=result if ended else None,
    )


def _part(line: Mapping[str, str], group: str, read: Any) -> dict[str, Any]:
    """The values of the columns ``group.name``; an empty cell is none."""
    start = f"{group}."
    return {
        key.removeprefix(start): read(cell)
        for key, cell in line.items()
        if key.startswith(start) and cell
    }


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def _scalar(cell: str) -> Any:
    """A hyperparameter's value as Python's CSV writer has spelt it."""
    if cell in ("True", "False"):
        return cell == "True"
    try:
        value = json.loads(cell)
    except ValueError:
        return from_csv_cell(cell)
    return value if isinstance(value, int | float) else from_csv_cell(cell)
