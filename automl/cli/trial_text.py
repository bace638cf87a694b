"""One trial as text: what it was, how it learnt, how it ended."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from automl.common.layout import in_columns
from automl.common.neutral import printable
from automl.common.shell import shown_path
from automl.common.sizes import shown_size
from automl.errors import RunError
from automl.results.board_columns import number, tested_text
from automl.results.leaderboard import LeaderboardRow, row_of
from automl.results.record import RunRecord
from automl.results.run_directory import RunDirectory
from automl.results.scorings import trial_of_model
from automl.trial import ERROR_FILE, HISTORY_FILE, TrialResult, TrialState

BARS = "▁▂▃▄▅▆▇█"
#: Rows of the curve's table at most; of longer curves some epochs are left out.
CURVE_ROWS = 12
ERROR_LINES = 15
#: No traceback is longer; a file that is has something else in it.
ERROR_BYTES = 1_000_000
_BOLD, _END = "\033[1m", "\033[0m"


def trial_text(
    run: RunDirectory,
    record: RunRecord,
    trial: int | str | None,
    *,
    width: int = 100,
    color: bool = False,
) -> str:
    """Tells all about one trial.

    Args:
        run: The run.
        record: The run as recorded.
        trial: The trial's number or the baseline's name; None for the best trial.
        width: Characters of a line.
        color: Whether to use the escape sequences of a terminal.

    Returns:
        The text, ending in a line end.

    Raises:
        RequestError: There is no such trial.
        RunError: The run cannot be read, or no trial has completed.
    """
    row = find_row(record, trial)
    trial = row.trial
    found = record.find(trial)
    result = found.result or TrialResult(found.state)
    ranked = len([entry for entry in (*record.trials, *record.baselines) if entry.is_ranked])

    config = {**row.config, **result.scaled}
    blocks = [
        ("", _heading(row, record.objective, ranked)),
        ("Configuration", _pairs({name: _value(v) for name, v in config.items()}, width)),
        ("Scores", _scores(row, record.objective)),
        ("Learning curve", _curve(run, row, record.objective, width)),
        ("Computed with", [", ".join(result.computed)] if result.computed else []),
        ("Seconds", _pairs({k: f"{v:.2f}" for k, v in result.timings.items()}, width)),
        ("Files", _files(run, trial)),
        ("Error", _error(run, trial)),
    ]
    lines: list[str] = []
    for title, block in blocks:
        if block:
            if title:
                lines += ["", f"{_BOLD}{title}{_END}" if color else title]
            lines += map(printable, block)
    return "\n".join(lines) + "\n"


def find_row(record: RunRecord, trial: int | str | None) -> LeaderboardRow:
    """The row of a trial by its number, of a baseline by its name, or of the best trial.

    Raises:
        RequestError: There is no such trial.
        RunError: No trial has completed.
    """
    if trial is None:
        best = record.best()
        if best is None:
            raise RunError(f"No trial of {record.name} has completed, so there is no best one.")
        trial = best.trial
    found = record.find(trial)
    return row_of(record, found)


def _heading(row: LeaderboardRow, objective: str, ranked: int) -> list[str]:
    said = [f"{_kind(row)}: {row.state}"]
    if row.score is not None:
        said.append(f"{objective} {number(row.score)}")
    if row.rank is not None:
        said.append(f"rank {row.rank} of {ranked}")
    if row.verdict:
        said.append(row.verdict)
    told = _spent(row)
    lines = [", ".join(said)]
    if told:
        lines.append(", ".join(told))
    lines += _folds(row)
    lines += _made_of(row, objective)
    if row.reason:
        lines.append(f"Reason: {row.reason}")
    elif row.state == TrialState.RUNNING:
        lines.append("It is running, or was interrupted; `automl resume` runs it again.")
    return lines


def _spent(row: LeaderboardRow) -> list[str]:
    """What a training took, and what its model costs."""
    planned = f" of {row.planned_epochs} that there was time for" if row.planned_epochs else ""
    told = {
        f"{row.epochs} epochs{planned}, best {row.best_epoch or 'none'}": row.epochs,
        f"{row.seconds:.1f} s": row.seconds,
        f"{row.parameters:,} weights": row.parameters,
        f"{row.multiply_adds:,} multiply-adds a row": row.multiply_adds,
        f"{shown_size(row.training_bytes)} a step": row.training_bytes,
        f"trainer {row.trainer}": row.trainer,
        f"seed {row.seed}": row.seed is not None,
    }
    return [text for text, is_known in told.items() if is_known]


def _kind(row: LeaderboardRow) -> str:
    """What a row is of, as the beginning of a sentence."""
    if row.refit_of is not None:
        return f"Refit of trial {row.refit_of}"
    if isinstance(row.trial, int):
        return f"Trial {row.trial}"
    if row.test_time_views:
        [model] = row.members
        return f"Mean over {row.test_time_views} test-time views of trial {trial_of_model(model)}"
    return f"{'Ensemble' if row.members else 'Baseline'} {row.trial}"


def _made_of(row: LeaderboardRow, objective: str) -> list[str]:
    """What the score of a finalist is the mean of, and an ensemble the mean of."""
    if row.members and not row.test_time_views:
        shares: dict[int | None, float] = {}
        for name, weight in row.members.items():
            trial = trial_of_model(name)
            shares[trial] = shares.get(trial, 0.0) + weight
        told = ", ".join(f"trial {trial} {share:.0%}" for trial, share in shares.items())
        return [f"The weighted mean of {len(row.members)} models: {told}"]
    if not row.scorings:
        return []
    error = "" if row.standard_error is None else f" ± {row.standard_error:.2g}"
    return [
        f"A finalist: {objective} is the mean over {row.scorings} trainings with fresh seeds"
        f"{error}; it was chosen by {number(row.search_score)}"
    ]


def _folds(row: LeaderboardRow) -> list[str]:
    """The score on each fold that is finished, where there are several."""
    if not row.folds:
        return []
    folds = ", ".join(number(score) for score in row.folds.values())
    error = row.standard_error
    return [f"Folds: {folds}" + ("" if error is None else f"; standard error {number(error)}")]


def _scores(row: LeaderboardRow, objective: str) -> list[str]:
    """The metrics of each part of the rows, one metric a line."""
    parts = {
        "training": row.train_metrics,
        "validation": row.metrics,
        "test": row.test_metrics,
    }
    shown = {part: metrics for part, metrics in parts.items() if metrics}
    names = list(dict.fromkeys(name for metrics in shown.values() for name in metrics))
    if not names:
        return []
    table = [["", *shown]]
    table += [[name, *(number(m.get(name)) for m in shown.values())] for name in names]
    right = [False, *(True for _ in shown)]
    lines = [line for (line,) in in_columns(table, right=right)]
    tested = row.test_metrics.get(objective)
    if tested is not None and row.test_interval is not None:
        lines.append(f"test {objective}, 95 % interval: {tested_text(tested, row.test_interval)}")
    return lines


def _curve(run: RunDirectory, row: LeaderboardRow, objective: str, width: int) -> list[str]:
    """The curve as bars and as a table."""
    from automl.training.history import read_history

    folder = run.trial_file(row.trial, HISTORY_FILE).parent
    try:
        history = read_history(folder)
    except RunError as error:
        return textwrap.wrap(str(error), max(width, 40))
    if not history:
        return []
    columns = [
        name
        for name in dict.fromkeys((*history[0], f"val_{objective}"))
        if name in history[0] and name not in ("epoch", "seconds")
    ]
    bars = max(10, min(60, width - 40))
    margin = max(map(len, columns)) + 1
    lines = []
    for name in columns:
        values = [epoch[name] for epoch in history if name in epoch]
        ends = f"{_cell(name, values[0])} to {_cell(name, values[-1])}"
        lines.append(f"{name:<{margin}}{sparkline(values, bars)} {ends}")
    shown = [name for name in ("epoch", *columns, "seconds") if name in history[0]]
    best = row.best_epoch - 1 if row.best_epoch <= len(history) else -1
    numbers = sampled(len(history), best)
    table = [[*shown, ""]]
    for index in numbers:
        cells = [_cell(name, history[index].get(name)) for name in shown]
        cells[0] = str(int(history[index].get("epoch", index + 1)))
        table.append([*cells, "best" if index == best else ""])
    set_right = in_columns(table, right=[True] * len(table[0]))
    return [*lines, "", *(line for (line,) in set_right)]


def _cell(name: str, value: float | None) -> str:
    """A number of the curve; learning rates are small, so that their digits count from the left."""
    if value is not None and name == "learning_rate":
        return f"{value:.3g}"
    return number(value)


def sparkline(values: Sequence[float], width: int) -> str:
    """Draws numbers as a row of bars, the least the lowest.

    Args:
        values: At least one number; one that is not finite is drawn as a cross.
        width: Most bars; of more numbers, the mean of neighbours is drawn.

    Returns:
        One character for each bar.
    """
    count = min(width, len(values))
    edges = [index * len(values) // count for index in range(count + 1)]
    means = [
        math.fsum(part) / len(part) if all(map(math.isfinite, part)) else math.nan
        for part in (values[a:b] for a, b in pairwise(edges))
    ]
    known = [mean for mean in means if not math.isnan(mean)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    return "".join(_bar(mean, low, high) for mean in means)


def _bar(value: float, low: float, high: float) -> str:
    if math.isnan(value):
        return "x"
    share = (value - low) / (high - low) if high > low else 0.0
    return BARS[min(len(BARS) - 1, int(share * len(BARS)))]


def sampled(epochs: int, best: int) -> list[int]:
    """Which epochs a table shows: the first, the last, the best, and some between.

    Args:
        epochs: How many there are.
        best: Index of the best one, or -1.
    """
    if epochs <= CURVE_ROWS:
        return list(range(epochs))
    evenly = {round(i * (epochs - 1) / (CURVE_ROWS - 1)) for i in range(CURVE_ROWS)}
    return sorted(evenly | {best} - {-1})


def _files(run: RunDirectory, trial: int | str) -> list[str]:
    folder = run.trial_directory(trial)
    names = [name for name in run.root.names(folder) if not name.startswith(".")]
    return [f"{shown_path(folder)}: {', '.join(names)}"] if names else []


def _error(run: RunDirectory, trial: int | str) -> list[str]:
    """The end of the trial's traceback."""
    path = run.trial_file(trial, ERROR_FILE)
    try:
        with run.root.open(path) as file:
            text = file.read(ERROR_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = text.rstrip().splitlines()
    left_out = len(lines) - ERROR_LINES
    return [*([f"... {left_out} lines before"] if left_out > 0 else []), *lines[-ERROR_LINES:]]


def _pairs(values: Mapping[str, str], width: int) -> list[str]:
    """Names and values, as many beside one another as fit."""
    if not values:
        return []
    margin = max(map(len, values)) + 2
    cells = [f"{name:<{margin}}{value}" for name, value in values.items()]
    column = min(max(map(len, cells)) + 3, max(width, 40))
    beside = max(1, width // column)
    height = -(-len(cells) // beside)
    rows = [cells[i::height] for i in range(height)]
    return ["".join(cell.ljust(column) for cell in row).rstrip() for row in rows]


def _value(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return textwrap.shorten(text, 60, placeholder=" ...")
