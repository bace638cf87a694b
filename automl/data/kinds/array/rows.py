"""Raw rows of arrays: a block of numbers each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.data.columns.unread import Tell
from automl.data.kinds.array.fit import fit_array
from automl.data.kinds.array.plan import ArrayPlan
from automl.data.kinds.block import BlockRows
from automl.data.kinds.kind import (
    LEAST_PAIRS,
    OVERLAPPING,
    Fitting,
    FloatMatrix,
    InputPlan,
    Inputs,
    Positions,
    RawRows,
)
from automl.data.say import Say

# Own choice: how much of a row the next one must repeat at least to be an overlapping window.
LEAST_OVERLAP = 0.25


@dataclass(frozen=True)
class ArrayRows(BlockRows):
    """Rows of an array."""

    kind: ClassVar[str] = "array"

    @property
    def counts_classes(self) -> bool:
        """Whether a row is a block of rank two or more, as an image is."""
        return self.x.ndim > 2

    def shifts(self, first: FloatMatrix, second: FloatMatrix) -> bool:
        """Whether each block goes on where the one before it began, some steps later."""
        return _windows_shift(first, second, self.x.shape[1])

    def fit(self, train: Positions, asked: Fitting, say: Say) -> tuple[InputPlan, RawRows]:
        """Fits the plan."""
        return ArrayPlan(fit_array(self.x, train, say, asked.clip)), self

    def prepared(self, positions: Positions, plan: InputPlan, tell: Tell | None = None) -> Inputs:
        """The core model's inputs of some rows, of which nothing else is copied."""
        assert isinstance(plan, ArrayPlan)
        return plan.apply_at(self.x, positions)

    def at(self, positions: Positions, plan: InputPlan) -> npt.NDArray[Any]:
        """Some rows."""
        return self.x[positions]


def _windows_shift(first: FloatMatrix, second: FloatMatrix, steps: int) -> bool:
    """Whether each block goes on where the one before it began, some steps later."""
    a, b = (m.reshape(len(m), steps, -1) for m in (first, second))
    for newest_last in (True, False):
        earlier, later = (a, b) if newest_last else (b, a)
        for shift in range(1, int(steps * (1 - LEAST_OVERLAP)) + 1):
            # A few numbers of a few pairs tell which shifts need a closer look.
            if _share(earlier[:8, shift:, :8], later[:8, :-shift, :8]) < 0.5:
                continue
            if _share(earlier[:, shift:], later[:, :-shift]) >= OVERLAPPING:
                return True
    return False


def _share(a: FloatMatrix, b: FloatMatrix) -> float:
    """In which share of the pairs both are the same, of those whose numbers differ at all."""
    flat = a.reshape(len(a), -1)
    varied = flat.min(axis=1) < flat.max(axis=1) if flat.shape[1] > 1 else np.zeros(len(a), bool)
    if varied.sum() < min(LEAST_PAIRS, len(a)) / 2:
        return 0.0
    same = np.isclose(a[varied], b[varied], rtol=1e-5, atol=0.0).reshape(int(varied.sum()), -1)
    return float(same.all(axis=1).mean())
