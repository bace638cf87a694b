"""The leaderboard as text for a terminal: results above, configurations below.

Laid out by hand, because `rich` takes 0.9 s for the cells of 1,000 rows and this takes a
hundredth of it.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.common.neutral import printable
from automl.results.leaderboard import LeaderboardRow
from automl.results.record import RunRecord
from automl.trial import TrialState

_BOLD, _DIM, _GREEN, _RED, _END = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


@dataclass(frozen=True)
class TableColumn:
    """One column of a table.

    Attributes:
        header: Its name; a line end in it makes the header higher, not wider.
        cells: Its texts, one a row.
        right: Whether it is set flush right, as numbers are.
    """

    header: str
    cells: Sequence[str]
    right: bool = True

    @property
    def width(self) -> int:
        """Characters of its widest line."""
        return max(map(len, (*self.header.split("\n"), *self.cells)))


def leaderboard_text(
    record: RunRecord,
    rows: Sequence[LeaderboardRow],
    *,
    top: int | None = None,
    width: int = 100,
    color: bool = False,
    details: bool = True,
) -> str:
    """Lays the leaderboard out for reading.

    Args:
        record: The run.
        rows: Its leaderboard.
        top: How many rows to show, besides baselines of a lower rank, which say what the others
            are worth; None for all.
        width: Characters of a line. Metrics beside the objective are left out, the last first,
            where they do not fit; a line that cannot be shorter is never cut.
        color: Whether to use the escape sequences of a terminal.
        details: Whether configurations and reasons follow the table.

    Returns:
        The text, ending in a line end.
    """
    shown = list(rows[:top])
    if top is not None:
        shown += [row for row in rows[top:] if isinstance(row.trial, str)]
    heading = textwrap.wrap(title(record, rows), max(width, 40), break_on_hyphens=False)
    lines = [f"{_BOLD}{line}{_END}" if color else line for line in heading]
    if not shown:
        return "\n".join([*lines, "No trial has been recorded yet.", ""])
    lines += ["", *_table_lines(_fitting_columns(record, shown, width), shown, color)]
    if len(shown) < len(rows):
        lines.append(f"... and {len(rows) - len(shown)} more")
    lines += _config_lines(shown, width, color) if details else []
    lines += _test_lines(record, rows, width)
    lines += _reason_lines(shown, width) if details else []
    return "\n".join(lines) + "\n"


def title(record: RunRecord, rows: Sequence[LeaderboardRow]) -> str:
    """One line: the run, how many trials in which state, the objective and its direction."""
    trials = [row for row in rows if not isinstance(row.trial, str)]
    counts = {
        state: sum(row.state == state for row in trials)
        for state in (s.value for s in TrialState)
        if any(row.state == state for row in trials)
    }
    states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    better = "lower" if record.direction == "minimize" else "higher"
    plural = "" if len(trials) == 1 else "s"
    return printable(
        f"{record.name}: {len(trials)} trial{plural}{f' ({states})' if states else ''}, "
        f"ranked by validation {record.objective}, {better} is better"
    )


def leaderboard_columns(record: RunRecord, rows: Sequence[LeaderboardRow]) -> list[TableColumn]:
    """The columns of the results, metrics beside the objective included."""

    def column(
        header: str, cell: Callable[[LeaderboardRow], str], right: bool = True
    ) -> TableColumn:
        return TableColumn(printable(header), [printable(cell(row)) for row in rows], right)

    def metric(name: str) -> TableColumn:
        return column(name, lambda row: number(row.metrics.get(name)))

    def score(row: LeaderboardRow) -> str:
        error = "" if row.standard_error is None else f" ± {row.standard_error:.2g}"
        return f"{number(row.score)}{error}"

    known = dict.fromkeys(key for row in rows for key in row.metrics)
    # What was asked for stands before what always is, for the last are left out where it is narrow.
    names = dict.fromkeys((*(name for name in record.further if name in known), *known))
    return [
        column("rank", lambda row: "" if row.rank is None else str(row.rank)),
        column("trial", lambda row: str(row.trial), right=False),
        column("state", lambda row: row.state, right=False),
        column(record.objective, score),
        *(metric(name) for name in names if name != record.objective),
        column("gap", lambda row: number(row.gap)),
        column("verdict", lambda row: row.verdict or "", right=False),
        column("weights", lambda row: f"{row.parameters:,}" if row.parameters else ""),
        TableColumn("epochs\n(best)", [_epochs(row) for row in rows]),
        column("seconds", lambda row: f"{row.seconds:.1f}" if row.seconds else ""),
    ]


def _fitting_columns(
    record: RunRecord, rows: Sequence[LeaderboardRow], width: int
) -> list[TableColumn]:
    columns = [
        TableColumn(_folded(column.header), column.cells, column.right)
        for column in leaderboard_columns(record, rows)
    ]
    fixed_before, fixed_after = 4, 5
    while len(columns) > fixed_before + fixed_after and _total(columns) > width:
        del columns[-fixed_after - 1]
    return columns


def _folded(header: str) -> str:
    """Breaks a long name at its first underscore, so that the numbers decide the width."""
    return header.replace("_", "_\n", 1) if len(header) > 6 else header


def _total(columns: Sequence[TableColumn]) -> int:
    return sum(column.width + 1 for column in columns) - 1


def _table_lines(
    columns: Sequence[TableColumn], rows: Sequence[LeaderboardRow], color: bool
) -> list[str]:
    widths = [column.width for column in columns]
    height = max(column.header.count("\n") + 1 for column in columns)
    headers = [([""] * height + column.header.split("\n"))[-height:] for column in columns]
    header = [_joined([h[i] for h in headers], columns, widths) for i in range(height)]
    rule = " ".join("-" * width for width in widths)
    lines = [f"{_BOLD}{line}{_END}" if color else line for line in header] + [rule]
    for i, row in enumerate(rows):
        line = _joined([column.cells[i] for column in columns], columns, widths)
        lines.append(f"{_style(row)}{line}{_END}" if color else line)
    return lines


def _joined(cells: Sequence[str], columns: Sequence[TableColumn], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if column.right else cell.ljust(width)
        for cell, column, width in zip(cells, columns, widths, strict=True)
    )
    return " ".join(padded).rstrip()


def _style(row: LeaderboardRow) -> str:
    if row.state == TrialState.FAILED.value:
        return _RED
    if isinstance(row.trial, str) or row.state != TrialState.COMPLETED.value:
        return _DIM
    return _GREEN if row.rank == 1 else ""


def split_config(
    rows: Sequence[LeaderboardRow],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sorts the hyperparameters by whether they differ between the trials of some rows.

    Baselines have spaces of their own and do not count.

    Returns:
        Names that differ (being inactive in some trials is a difference), and names that all
        trials have in common, each in the order of the space.
    """
    configs = [row.config for row in rows if not isinstance(row.trial, str)]
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    differing: set[str] = set()
    for config in configs:
        counts.update(config.keys())
        for name, value in config.items():
            if name not in differing:  # one difference settles it
                spelt = json.dumps(value)
                if first.setdefault(name, spelt) != spelt:
                    differing.add(name)
    differing |= {name for name in first if counts[name] < len(configs)}
    return (
        tuple(name for name in first if name in differing),
        tuple(name for name in first if name not in differing),
    )


def config_text(config: Mapping[str, Any], names: Sequence[str]) -> str:
    """Some hyperparameters of a configuration on one line, those that are active."""
    return " ".join(printable(f"{name}={_value(config[name])}") for name in names if name in config)


def _config_lines(rows: Sequence[LeaderboardRow], width: int, color: bool) -> list[str]:
    trials = [row for row in rows if not isinstance(row.trial, str) and row.config]
    if not trials:
        return []
    differing, common = split_config(trials)
    if len(trials) == 1:
        differing, common = common, ()
    margin = max(len(str(row.trial)) for row in trials) + 8
    heading = "Configurations"
    lines = ["", f"{_BOLD}{heading}{_END}" if color else heading]
    for row in trials:
        lines += _wrapped(f"trial {row.trial}", config_text(row.config, differing), margin, width)
    if common:
        lines += _wrapped("all", config_text(trials[0].config, common), margin, width)
    return lines


def _test_lines(record: RunRecord, rows: Sequence[LeaderboardRow], width: int) -> list[str]:
    scored = [row for row in rows if row.test_metrics]
    if not scored:
        return []
    margin = max(len(_name(row)) for row in scored) + 2
    lines = ["", "Test rows, scored once, after the choice"]
    for row in scored:
        scores = " ".join(f"{name}={number(value)}" for name, value in row.test_metrics.items())
        lines += _wrapped(_name(row), scores, margin, width)
    return lines + textwrap.wrap(unbeaten_baseline(record, rows), max(width, 40))


def unbeaten_baseline(record: RunRecord, rows: Sequence[LeaderboardRow]) -> str:
    """A sentence on the best trial where a baseline is as good on the test rows; else nothing.

    Args:
        record: The run.
        rows: Its leaderboard.
    """
    sign = 1.0 if record.direction == "minimize" else -1.0
    scores = {
        row.trial: row.test_metrics[record.objective]
        for row in rows
        if record.objective in row.test_metrics
    }
    best = next((trial for trial in scores if isinstance(trial, int)), None)
    baselines = [trial for trial in scores if isinstance(trial, str)]
    if best is None or not baselines:
        return ""
    strongest = min(baselines, key=lambda name: sign * scores[name])
    if sign * scores[best] < sign * scores[strongest]:
        return ""
    return printable(
        f"On the test rows trial {best} is no better than the baseline {strongest}: "
        f"{record.objective} {number(scores[best])} and {number(scores[strongest])}."
    )


def _reason_lines(rows: Sequence[LeaderboardRow], width: int) -> list[str]:
    """Why trials ended as they did; those with the same reason stand together."""
    together: dict[str, list[LeaderboardRow]] = {}
    for row in rows:
        if row.reason:
            together.setdefault(row.reason, []).append(row)
    if not together:
        return []
    labelled = []
    for reason, told in together.items():
        if len(told) == 1:
            labelled.append((_name(told[0]), reason))
        else:
            names = ", ".join(str(row.trial) for row in told)
            labelled.append((f"{len(told)} trials", f"{reason.rstrip('.')}: {names}"))
    margin = max(len(label) for label, _ in labelled) + 2
    return ["", "Reasons"] + [
        line for label, text in labelled for line in _wrapped(label, text, margin, width)
    ]


def _name(row: LeaderboardRow) -> str:
    return row.trial if isinstance(row.trial, str) else f"trial {row.trial}"


def _wrapped(label: str, text: str, margin: int, width: int) -> list[str]:
    """A label with a text beside it, which goes on below itself where the line ends."""
    lines = textwrap.wrap(
        printable(" ".join(text.split())),
        max(width - margin, 40),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
    label = printable(label)
    return [f"{label if i == 0 else '':<{margin}}{line}".rstrip() for i, line in enumerate(lines)]


def _epochs(row: LeaderboardRow) -> str:
    if not row.epochs:  # a trial that was cut inside its first epoch, or a constant baseline
        scored = row.score is not None and isinstance(row.trial, int)
        return "<1" if scored and row.state == TrialState.COMPLETED.value else ""
    return f"{row.epochs} ({row.best_epoch})" if row.best_epoch else str(row.epochs)


def number(value: float | None) -> str:
    """A measured number with four digits that count, or nothing for None."""
    if value is None:
        return ""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        return f"{value:.2e}"
    if size >= 1000:
        return f"{value:.0f}"
    return f"{value:.4f}" if size < 1 else f"{value:#.4g}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)
