"""A table with a title and sentences below, as readings of a run other than its board give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.common.neutral import printable
from automl.results.board_columns import TableColumn


@dataclass(frozen=True)
class ReportColumn:
    """A column as people see it.

    Attributes:
        header: Its name.
        cell: Its text for a row.
        right: Whether it is set flush right, as numbers are.
    """

    header: str
    cell: Callable[[Mapping[str, Any]], str]
    right: bool = True


@dataclass(frozen=True)
class ReadingReport:
    """What a reading says.

    Attributes:
        title: One line.
        rows: JSON values by name, the same names in each row; what programs get.
        columns: What people see of them.
        notes: Sentences for people.
    """

    title: str
    rows: Sequence[Mapping[str, Any]]
    columns: Sequence[ReportColumn]
    notes: Sequence[str] = ()

    def table(self) -> list[TableColumn]:
        """The columns with their texts, all printable."""
        return [
            TableColumn(
                printable(column.header),
                [printable(column.cell(row)) for row in self.rows],
                column.right,
            )
            for column in self.columns
        ]
