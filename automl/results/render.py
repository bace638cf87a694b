"""The leaderboard as CSV, JSON and Markdown; `automl.results.text_table` has it for a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.common.files import finite, to_json_text, write_text
from automl.common.forms import to_form
from automl.common.neutral import csv_cell, json_line, markdown_text
from automl.results.leaderboard import LeaderboardRow
from automl.results.record import RunRecord
from automl.results.text_table import (
    TableColumn,
    config_text,
    leaderboard_columns,
    number,
    split_config,
    title,
)

_PLAIN = (
    "rank", "trial", "state", "score", "standard_error", "gap", "verdict", "epochs", "best_epoch",
    "seconds", "parameters", "seed", "reason", "trainer",
)  # fmt: skip
_NESTED = ("metrics", "train_metrics", "test_metrics", "folds", "config")


def to_json(rows: Sequence[LeaderboardRow]) -> str:
    """The leaderboard as a JSON list, one object a row, one row a line.

    Numbers that are not finite become ``null``. Texts are exact; what a terminal would obey is
    spelt by JSON's escapes.
    """
    lines = (json_line(to_json_text(to_form(row), indent=None)) for row in rows)
    return "[" + ",".join(f"\n{line}" for line in lines) + "\n]\n"


def to_csv(rows: Sequence[LeaderboardRow]) -> str:
    """The leaderboard as CSV.

    What has parts gets a column for each part: ``metrics.accuracy``, ``train_metrics.accuracy``,
    ``test_metrics.accuracy``, ``config.depth``. A hyperparameter that is not active in a row is
    an empty cell, and so is a number that is not finite. A text that a spreadsheet would take for
    a formula has an apostrophe before it; see `automl.common.neutral.csv_cell`.
    """
    columns = flat_columns(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_cell(name) for name in columns])
    for cells in zip(*columns.values(), strict=True):
        writer.writerow([csv_cell(finite(cell)) for cell in cells])
    return text.getvalue()


def flat_columns(rows: Sequence[LeaderboardRow]) -> dict[str, list[Any]]:
    """The leaderboard's columns, what has parts with a column for each part.

    Args:
        rows: The leaderboard.

    Returns:
        For each column's name, such as ``rank`` or ``config.depth``, its values in the order of
        the rows; None where a row has none.
    """
    columns = {name: [getattr(row, name) for row in rows] for name in _PLAIN}
    for group in _NESTED:
        for key in union(getattr(row, group) for row in rows):
            columns[f"{group}.{key}"] = [getattr(row, group).get(key) for row in rows]
    return columns


def write_leaderboard_csv(rows: Sequence[LeaderboardRow], path: Path) -> None:
    """Writes ``leaderboard.csv`` atomically.

    Raises:
        OSError: The file cannot be written.
    """
    # It can be rebuilt from the study at any time, so nobody waits for the disk.
    write_text(path, to_csv(rows), durable=False)


def to_markdown(record: RunRecord, rows: Sequence[LeaderboardRow]) -> str:
    """The leaderboard as a Markdown table, the whole configuration in its last column."""
    differing, common = split_config(rows)
    columns = leaderboard_columns(record, rows)
    if any(row.test_metrics for row in rows):
        name = record.objective
        cells = [number(row.test_metrics.get(name)) for row in rows]
        columns.append(TableColumn(f"test {name}", cells))
    cells = [config_text(row.config, (*differing, *common)) for row in rows]
    columns.append(TableColumn("configuration", cells, right=False))
    columns.append(TableColumn("reason", [row.reason for row in rows], right=False))
    if not any(row.reason for row in rows):
        columns.pop()
    lines = [f"**{markdown_text(title(record, rows))}**", ""]
    lines.append(_line(column.header.replace("\n", " ") for column in columns))
    lines.append(_line("---:" if column.right else ":---" for column in columns))
    for i in range(len(rows)):
        lines.append(_line(column.cells[i] for column in columns))
    return "\n".join(lines) + "\n"


def union(mappings: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """All keys of some mappings, in the order in which they appear."""
    return tuple(dict.fromkeys(key for mapping in mappings for key in mapping))


def _line(cells: Iterable[str]) -> str:
    escaped = (markdown_text(" ".join(cell.split())) for cell in cells)
    return "| " + " | ".join(escaped) + " |"
