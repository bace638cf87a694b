"""Rows of a table as they are stored for all views: each column once for each way to read it.

What a column is, each view infers from its own training rows, and mostly they agree. So numbers are
stored as they were read, once for each different reading, and texts as codes, which views number
anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.forms import read_form, to_form
from automl.data.columns.column import Reading, text_values
from automl.data.kinds.kind import (
    FloatArray,
    InputPlan,
    Inputs,
    IntArray,
    Positions,
    RawRows,
    StoredRows,
)
from automl.data.kinds.table.plan import TablePlan
from automl.data.kinds.table.rows import TableRows


@dataclass(frozen=True)
class _Form:
    """What the arrays hold.

    Attributes:
        names: Of each column of numbers, its name.
        readings: Of each, how it was read.
        texts: Name of a column of texts to those that its codes stand for, code 1 first; 0 is any
            that no view knows.
    """

    names: tuple[str, ...]
    readings: tuple[Reading, ...]
    texts: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class StoredTable(StoredRows):
    """Rows of a table.

    Attributes:
        columns: What the arrays hold.
        numbers: float32 (n, p), NaN where missing; column by column in memory.
        codes: int32 (n, c), likewise.
    """

    columns: _Form
    numbers: FloatArray
    codes: IntArray

    def prepared(self, positions: Positions, plan: InputPlan) -> Inputs:
        """The core model's inputs of some rows."""
        assert isinstance(plan, TablePlan)
        kept = list(zip(self.columns.names, self.columns.readings, strict=True))
        raw = {
            feature.name: self.numbers[:, kept.index((feature.name, feature.reading))][positions]
            for feature in plan.numeric_features
        }
        texts = list(self.columns.texts)
        codes = {}
        for feature in plan.categorical_features:
            known = np.array(list(self.columns.texts[feature.name]), dtype=object)
            numbers = np.concatenate([np.zeros(1, np.int32), feature.apply(known)])
            codes[feature.name] = numbers[self.codes[:, texts.index(feature.name)][positions]]
        return plan.together(raw, codes, len(positions))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Numbers and codes."""
        return {"numbers": self.numbers, "codes": self.codes}

    def form(self) -> dict[str, Any]:
        """What they are."""
        return to_form(self.columns)

    @classmethod
    def read(cls, form: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> StoredTable:
        """Puts together what was stored.

        Raises:
            ValueError: The arrays are not what the form says.
        """
        columns = read_form(_Form, form)
        numbers, codes = arrays["numbers"], arrays["codes"]
        if (numbers.ndim, codes.ndim) != (2, 2) or (
            (numbers.shape[1], len(columns.names), codes.shape[1])
            != (len(columns.names), len(columns.readings), len(columns.texts))
        ):
            raise ValueError("the stored columns are not those that the form names")
        return cls(columns, numbers, codes)

    @classmethod
    def of(cls, views: Iterable[tuple[InputPlan, RawRows]], positions: Positions) -> StoredTable:
        """Stores some rows for views.

        Args:
            views: Of each, its plan and the rows as that has read them.
            positions: Which rows.
        """
        numbers: dict[tuple[str, Reading], FloatArray] = {}
        texts: dict[str, tuple[npt.NDArray[np.object_], dict[str, None]]] = {}
        for plan, rows in views:
            assert isinstance(plan, TablePlan)
            assert isinstance(rows, TableRows)
            for feature in plan.numeric_features:
                if (feature.name, feature.reading) not in numbers:
                    column = rows.frame[feature.name].iloc[positions]
                    numbers[feature.name, feature.reading] = feature.raw(column)
            for one in plan.categorical_features:
                if one.name not in texts:
                    texts[one.name] = (text_values(rows.frame[one.name].iloc[positions]), {})
                texts[one.name][1].update(dict.fromkeys(one.vocabulary))
        n = len(positions)
        codes = [_codes(values, list(known)) for values, known in texts.values()]
        return cls(
            _Form(
                tuple(name for name, _ in numbers),
                tuple(reading for _, reading in numbers),
                {name: list(known) for name, (_, known) in texts.items()},
            ),
            np.array(list(numbers.values()), np.float32).reshape(-1, n).T,
            np.array(codes, np.int32).reshape(-1, n).T,
        )


def _codes(values: npt.NDArray[np.object_], known: list[str]) -> IntArray:
    import pandas as pd

    codes = pd.Index(known, dtype=object).get_indexer(pd.Index(values, dtype=object))
    return (codes + 1).astype(np.int32)
