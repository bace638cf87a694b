"""A trial's learning curve: one row an epoch, as values and as ``history.csv``."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

HISTORY_FILE = "history.csv"

Row = Mapping[str, float]


def write_history(rows: Sequence[Row], directory: Path) -> Path:
    """Writes the curve as a CSV file with a header, whole or not at all.

    Args:
        rows: One mapping of column names to numbers for each epoch, the first one's number
            (``epoch``) first.
        directory: The trial's directory; made if it is not there.

    Returns:
        The file.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write_whole(directory / HISTORY_FILE, text.getvalue())


def read_history(directory: Path) -> list[dict[str, float]]:
    """Reads what `write_history` wrote; empty where there is no such file."""
    path = directory / HISTORY_FILE
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: float(value) for name, value in row.items() if value} for row in rows]


def write_whole(path: Path, text: str) -> Path:
    """Writes a text file under a temporary name and renames it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
