"""Reading the columns of a table by what training rows have shown them to be, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.data.columns.column import ReadColumn, read_column
from automl.data.columns.schema import Column, ColumnKind

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.columns.unread import Tell


@dataclass(frozen=True)
class ReadTable:
    """The columns of a table as they were read.

    Attributes:
        frame: Numbers and booleans as float64, dates as datetime64, categories as they came.
        unread: Columns with values that cannot be read.
    """

    frame: pd.DataFrame
    unread: Mapping[str, tuple[Column, ReadColumn]]

    def tell(self, names: Sequence[str], rows: npt.NDArray[np.int64], tell: Tell) -> None:
        """Tells of values that cannot be read.

        Args:
            names: The columns to tell of.
            rows: Positions of the rows to tell of, int64 (m,).
            tell: Called for each column.
        """
        for name in names:
            if name in self.unread:
                column, read = self.unread[name]
                tell(read.cleaned.iloc[rows], read.unread[rows], column.reading.not_read())


def read_table(table: pd.DataFrame, schema: Sequence[Column]) -> ReadTable:
    """Reads the columns of a table.

    Args:
        table: The feature columns, as `combine` gives them.
        schema: What they are.
    """
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    unread: dict[str, tuple[Column, ReadColumn]] = {}
    for column in schema:
        raw = table[column.name]
        if column.kind is ColumnKind.CATEGORY:
            columns[column.name] = raw
            continue
        read = read_column(raw, column.reading, is_clean=True)
        columns[column.name] = read.values
        if read.unread.any():
            unread[column.name] = (column, read)
    return ReadTable(pd.DataFrame(columns, index=table.index), unread)
