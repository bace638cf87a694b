"""The leaderboard as text for a terminal: results above, configurations below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from automl.common.layout import beside, in_columns
from automl.common.neutral import printable
from automl.results.board_columns import (
    TableColumn,
    config_text,
    finalists_text,
    leaderboard_columns,
    number,
    split_config,
    tested_text,
    title,
)
from automl.results.findings import findings
from automl.results.leaderboard import LeaderboardRow
from automl.results.record import RunRecord
from automl.trial import TrialState

_BOLD, _DIM, _GREEN, _RED, _END = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


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
    lines += textwrap.wrap(finalists_text(record, rows), max(width, 40))
    lines += _config_lines(shown, width, color) if details else []
    lines += _test_lines(rows, record.objective, width)
    lines += _finding_lines(record, width)
    lines += _reason_lines(shown, width) if details else []
    return "\n".join(lines) + "\n"


def _fitting_columns(
    record: RunRecord, rows: Sequence[LeaderboardRow], width: int
) -> list[TableColumn]:
    columns = [
        TableColumn(_folded(column.header), column.cells, column.right)
        for column in leaderboard_columns(record, rows)
    ]
    fixed_before = 5 if any(row.scorings for row in rows) else 4
    fixed_after = 5 + len({at_once for row in rows for at_once in row.latency})
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
    height = max(column.header.count("\n") + 1 for column in columns)
    headers = [([""] * height + column.header.split("\n"))[-height:] for column in columns]
    table = [[header[i] for header in headers] for i in range(height)]
    table.append(["-" * column.width for column in columns])
    table += [[column.cells[i] for column in columns] for i in range(len(rows))]
    right = [column.right for column in columns]
    lines = [line for (line,) in in_columns(table, right=right, gap=1)]
    if not color:
        return lines
    styles = [*[_BOLD] * height, "", *map(_style, rows)]
    return [
        f"{style}{line}{_END}" if i != height else line
        for i, (style, line) in enumerate(zip(styles, lines, strict=True))
    ]


def _style(row: LeaderboardRow) -> str:
    if row.state == TrialState.FAILED.value:
        return _RED
    if isinstance(row.trial, str) or row.state != TrialState.COMPLETED.value:
        return _DIM
    return _GREEN if row.rank == 1 else ""


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
        lines += _beside(f"trial {row.trial}", config_text(row.config, differing), margin, width)
    if common:
        lines += _beside("all", config_text(trials[0].config, common), margin, width)
    return lines


def _test_lines(rows: Sequence[LeaderboardRow], objective: str, width: int) -> list[str]:
    scored = [row for row in rows if row.test_metrics]
    if not scored:
        return []
    margin = max(len(_name(row)) for row in scored) + 2
    lines = ["", "Test rows, scored once, after the choice"]
    for row in scored:
        texts = {name: number(value) for name, value in row.test_metrics.items()}
        if objective in texts:
            texts[objective] = tested_text(row.test_metrics[objective], row.test_interval)
        scores = " ".join(f"{name}={text}" for name, text in texts.items())
        lines += _beside(_name(row), scores, margin, width)
    return lines


def _finding_lines(record: RunRecord, width: int) -> list[str]:
    """What the scores come to, each sentence on lines of its own."""
    told = [line for one in findings(record) for line in textwrap.wrap(one, max(width, 40))]
    return ["", *told] if told else []


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
        line for label, text in labelled for line in _beside(label, text, margin, width)
    ]


def _name(row: LeaderboardRow) -> str:
    return row.trial if isinstance(row.trial, str) else f"trial {row.trial}"


def _beside(label: str, text: str, margin: int, width: int) -> list[str]:
    return beside(printable(label), printable(" ".join(text.split())), margin, width)
