"""A report in every format: a table for a terminal, CSV, JSON, Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from automl.common.files import finite, to_json_text
from automl.common.layout import in_columns
from automl.common.neutral import json_line, markdown_text, printable
from automl.results.reading_report import ReadingReport
from automl.results.readings.csv import csv_text
from automl.results.readings.markdown import markdown_table


def report_text(report: ReadingReport, format_: str, width: int = 100) -> str:
    """Writes a report.

    Args:
        report: The report.
        format_: ``table``, ``csv``, ``json`` or ``markdown``.
        width: Characters of a line of the table's title and notes.

    Returns:
        The text, ending in a line end. CSV and JSON hold the rows alone; numbers that are not
        finite are empty, or null.
    """
    if format_ == "json":
        lines = (json_line(to_json_text(finite(row), indent=None)) for row in report.rows)
        return "[" + ",".join(f"\n{line}" for line in lines) + "\n]\n"
    if format_ == "csv":
        names = list(report.rows[0]) if report.rows else []
        return csv_text({name: [row[name] for row in report.rows] for name in names})
    if format_ == "markdown":
        notes = [f"\n{markdown_text(' '.join(note.split()))}" for note in report.notes]
        title = f"**{markdown_text(printable(report.title))}**"
        return "\n".join([title, "", *markdown_table(report.table()), *notes]) + "\n"
    parts = (_wrapped(report.title, width), [""], _table(report), _notes(report, width))
    return "\n".join(line for lines in parts for line in lines)


def _table(report: ReadingReport) -> list[str]:
    columns = report.table()
    rows = [
        [column.header for column in columns],
        ["-" * column.width for column in columns],
        *zip(*(column.cells for column in columns), strict=True),
    ]
    return [line for (line,) in in_columns(rows, right=[column.right for column in columns])]


def _notes(report: ReadingReport, width: int) -> list[str]:
    lines = [line for note in report.notes for line in _wrapped(note, width)]
    return ["", *lines, ""] if lines else [""]


def _wrapped(text: str, width: int) -> Sequence[str]:
    return textwrap.wrap(printable(text), max(width, 40), break_on_hyphens=False)
