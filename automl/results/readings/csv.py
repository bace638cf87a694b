"""The leaderboard as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.common.files import finite, write_text
from automl.common.neutral import csv_cell
from automl.results.leaderboard import LeaderboardRow

_PLAIN = (
    "rank", "trial", "state", "score", "standard_error", "scorings", "tied", "search_score",
    "gap", "verdict", "epochs", "best_epoch", "seconds", "parameters",
    "multiply_adds", "training_bytes", "seed", "reason", "trainer",
)  # fmt: skip
#: The columns of the interval of the objective on the test rows.
INTERVAL_ENDS = ("low", "high")
_NESTED = ("metrics", "train_metrics", "test_metrics", "folds", "latency", "config")


def to_csv(rows: Sequence[LeaderboardRow]) -> str:
    """The leaderboard as CSV.

    What has parts gets a column for each part: ``metrics.accuracy``, ``train_metrics.accuracy``,
    ``test_metrics.accuracy``, ``config.depth``. A hyperparameter that is not active in a row is
    an empty cell, and so is a number that is not finite. A text that a spreadsheet would take for
    a formula has an apostrophe before it; see `automl.common.neutral.csv_cell`.
    """
    return csv_text(flat_columns(rows))


def csv_text(columns: Mapping[str, Sequence[Any]]) -> str:
    """Columns as CSV, no cell of which a spreadsheet runs.

    Args:
        columns: By name, their values, all of the same number.
    """
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
    if any(row.test_interval for row in rows):
        for end, name in enumerate(INTERVAL_ENDS):
            columns[f"test_interval.{name}"] = [
                row.test_interval[end] if row.test_interval else None for row in rows
            ]
    return columns


def write_leaderboard_csv(rows: Sequence[LeaderboardRow], path: Path) -> None:
    """Writes ``leaderboard.csv`` atomically.

    Raises:
        OSError: The file cannot be written.
    """
    # It can be rebuilt from the study at any time, so nobody waits for the disk.
    write_text(path, to_csv(rows), durable=False)


def union(mappings: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """All keys of some mappings, in the order in which they appear."""
    return tuple(dict.fromkeys(key for mapping in mappings for key in mapping))
