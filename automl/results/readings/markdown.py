"""The leaderboard as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from automl.common.neutral import markdown_text
from automl.results.board_columns import (
    TableColumn,
    config_text,
    leaderboard_columns,
    split_config,
    tested_text,
    title,
)
from automl.results.leaderboard import LeaderboardRow
from automl.results.record import RunRecord


def to_markdown(record: RunRecord, rows: Sequence[LeaderboardRow]) -> str:
    """The leaderboard as a Markdown table, the whole configuration in its last column."""
    differing, common = split_config(rows)
    columns = leaderboard_columns(record, rows)
    if any(row.test_metrics for row in rows):
        name = record.objective
        cells = [tested_text(row.test_metrics.get(name), row.test_interval) for row in rows]
        columns.append(TableColumn(f"test {name}", cells))
    cells = [config_text(row.config, (*differing, *common)) for row in rows]
    columns.append(TableColumn("configuration", cells, right=False))
    columns.append(TableColumn("reason", [row.reason for row in rows], right=False))
    if not any(row.reason for row in rows):
        columns.pop()
    lines = [f"**{markdown_text(title(record, rows))}**", "", *markdown_table(columns)]
    return "\n".join(lines) + "\n"


def markdown_table(columns: Sequence[TableColumn]) -> list[str]:
    """Columns as the lines of a Markdown table.

    Args:
        columns: At least one, all with the same number of cells.
    """
    lines = [_line(column.header.replace("\n", " ") for column in columns)]
    lines.append(_line("---:" if column.right else ":---" for column in columns))
    lines += [_line(cells) for cells in zip(*(column.cells for column in columns), strict=True)]
    return lines


def _line(cells: Iterable[str]) -> str:
    escaped = (markdown_text(" ".join(cell.split())) for cell in cells)
    return "| " + " | ".join(escaped) + " |"
