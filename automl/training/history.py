"""A trial's learning curve: one row an epoch, as values and as ``history.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from automl.common.bounded import MOST_TEXT, read_bounded
from automl.common.root import Root
from automl.errors import RunError
from automl.trial import HISTORY_FILE

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
    """Reads what `write_history` wrote; empty where there is no such file.

    Raises:
        RunError: The file cannot be read, or is not a table of numbers by epoch.
    """
    path, root = directory.absolute() / HISTORY_FILE, run_of(directory)
    if root.status(path) is None:
        return []
    try:
        text = read_bounded(root, path, MOST_TEXT).decode()
        header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [_row(header, cells) for cells in lines]
        first = rows[0].get("epoch") if rows else None
        if rows and [row.get("epoch") for row in rows] != [
            (first or 0) + i for i in range(len(rows))
        ]:
            raise ValueError("its epochs do not follow one another")
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(
            f"The learning curve {path} cannot be read ({error}); the study still has the scores."
        ) from error
    return rows


def _row(header: Sequence[str], cells: Sequence[str]) -> dict[str, float]:
    """The numbers of one line by their column.

    Raises:
        ValueError: The line does not fit the header, or holds something else.
    """
    if len(cells) != len(header) or len(set(header)) < len(header):
        raise ValueError(f"{len(cells)} values for {len(set(header))} columns")
    return {name: float(cell) for name, cell in zip(header, cells, strict=True) if cell}


def write_whole(path: Path, text: str) -> Path:
    """Writes a text file into a trial's directory, whole or not at all."""
    root = run_of(path.parent)
    root.make_folder(path.parent.absolute())
    root.write(path.absolute(), text.encode(), durable=False)
    return path


def run_of(directory: Path) -> Root:
    """The tree that a trial's directory is in: its run's, which is two levels above.

    Args:
        directory: ``trials/<trial>`` in a run.
    """
    return Root(directory.absolute().parents[1])
