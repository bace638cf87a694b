"""Raw rows of a table: columns by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from automl.data.columns.column import ReadColumn, numbers, read_column
from automl.data.columns.infer import infer_schema
from automl.data.columns.schema import Column, ColumnKind, Conventions
from automl.data.columns.unread import Tell
from automl.data.kinds.kind import (
    OVERLAPPING,
    Fitting,
    FloatMatrix,
    InputPlan,
    Inputs,
    Positions,
    RawRows,
    Repeats,
)
from automl.data.kinds.known_columns import mostly_known
from automl.data.kinds.table.fit import fit_features
from automl.data.kinds.table.plan import TablePlan
from automl.data.kinds.table.repeats import table_repeats
from automl.data.say import Say

if TYPE_CHECKING:
    import pandas as pd

# Own choice: how far the columns that hold the same series may stand from each other.
FARTHEST = 8


@dataclass(frozen=True)
class TableRows(RawRows):
    """Rows of a table.

    Attributes:
        frame: The feature columns, each source's cleaned; a column whose sources differ in their
            dtype is ``object``. Of columns that a plan has read, numbers and booleans are float64,
            dates datetime64, and categories as they came.
        categorical: Names of columns that were declared categorical.
        conventions: How the person says that values are written.
        unread: Columns that a plan has read, with values that cannot be read.
    """

    kind: ClassVar[str] = "table"
    frame: pd.DataFrame
    categorical: tuple[str, ...] = ()
    conventions: Conventions = field(default_factory=Conventions)
    unread: Mapping[str, tuple[Column, ReadColumn]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def size(self) -> int:
        """One: a few rows of a table are small."""
        return 1

    @cached_property
    def repeats(self) -> Repeats:
        """The rows that are equal in every column that is learnt from."""
        return table_repeats(self.frame, self.categorical)

    def numbers(self, positions: Positions) -> FloatMatrix | None:
        """All columns, as far as they hold numbers."""
        table = self.frame.iloc[positions]
        columns = [numbers(table[name]) for name in table.columns]
        columns = [np.where(np.isfinite(column), column, np.nan) for column in columns]
        return np.stack(columns, axis=1) if columns else np.zeros((len(positions), 0))

    def shifts(self, first: FloatMatrix, second: FloatMatrix) -> bool:
        """Whether most columns hold what their neighbour, some columns away, held a row before."""
        return _columns_shift(*mostly_known(first, second))

    def fit(self, train: Positions, asked: Fitting, say: Say) -> tuple[InputPlan, RawRows]:
        """Finds what the columns are, reads them and fits the plan."""
        schema = infer_schema(self.frame.iloc[train], self.categorical, say, self.conventions)
        read = self._read(schema)
        features = fit_features(
            read.frame.iloc[train],
            schema,
            self.categorical,
            say,
            asked.keep_constant,
            asked.clip,
            self.conventions.cycles,
        )
        return TablePlan(features), read

    def _read(self, schema: Sequence[Column]) -> TableRows:
        """The same rows, each column read once by what it is."""
        import pandas as pd

        columns: dict[str, pd.Series] = {}
        unread: dict[str, tuple[Column, ReadColumn]] = {}
        for column in schema:
            raw = self.frame[column.name]
            if column.kind is ColumnKind.CATEGORY:
                columns[column.name] = raw
                continue
            read = read_column(raw, column.reading, is_clean=True)
            columns[column.name] = read.values
            if read.unread.any():
                unread[column.name] = (column, read)
        return replace(self, frame=pd.DataFrame(columns, index=self.frame.index), unread=unread)

    def prepared(self, positions: Positions, plan: InputPlan, tell: Tell | None = None) -> Inputs:
        """The core model's inputs of some rows."""
        return plan.apply(self.at(positions, plan), tell)

    def at(self, positions: Positions, plan: InputPlan) -> pd.DataFrame:
        """The plan's columns of some rows, as far as they were read."""
        assert isinstance(plan, TablePlan)
        columns = [name for name in plan.columns if name in self.frame.columns]
        return self.frame[columns].iloc[positions].reset_index(drop=True)

    def tell_unread(self, positions: Positions, plan: InputPlan, tell: Tell) -> None:
        """Tells of values of some rows that cannot be read, a column at a time."""
        assert isinstance(plan, TablePlan)
        for name in plan.columns:
            if name in self.unread:
                column, read = self.unread[name]
                cleaned = read.cleaned.iloc[positions]
                tell(cleaned, read.unread[positions], column.reading.not_read())

    def left_out(self, plan: InputPlan) -> list[str]:
        """Names of the columns that the plan has left out."""
        assert isinstance(plan, TablePlan)
        return [c for c in self.frame.columns if c not in plan.columns]


def _columns_shift(first: FloatMatrix, second: FloatMatrix) -> bool:
    """Whether most columns hold what their neighbour, so many columns away, held a row before."""
    varied = first.std(axis=0) > 0
    for shift in range(1, min(FARTHEST, first.shape[1] - 1) + 1):
        for a, b, kept in (
            (first[:, :-shift], second[:, shift:], varied[:-shift]),
            (first[:, shift:], second[:, :-shift], varied[shift:]),
        ):
            same = np.isclose(a, b, rtol=1e-5, atol=0.0).mean(axis=0) >= OVERLAPPING
            if (same & kept).sum() >= max(2, varied.sum() / 2):
                return True
    return False
