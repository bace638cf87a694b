"""Raw rows of arrays: a block of numbers each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.data.columns.unread import Tell
from automl.data.kinds.array.fit import fit_array
from automl.data.kinds.array.plan import ArrayPlan
from automl.data.kinds.hashing import block_hashes, numbered
from automl.data.kinds.kind import (
    LEAST_DIFFERENT,
    LEAST_PAIRS,
    OVERLAPPING,
    Fitting,
    FloatMatrix,
    InputPlan,
    Inputs,
    Positions,
    RawRows,
    Repeats,
    StoredRows,
)
from automl.data.say import Say

# Own choice: how much of a row the next one must repeat at least to be an overlapping window.
LEAST_OVERLAP = 0.25


@dataclass(frozen=True)
class ArrayRows(RawRows, StoredRows):
    """Rows of an array, which are stored as they came, in their own type.

    Attributes:
        x: The array, (n, *shape).
    """

    kind: ClassVar[str] = "array"
    x: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.x)

    @property
    def counts_classes(self) -> bool:
        """Whether a row is a block of rank two or more, as an image is."""
        return self.x.ndim > 2

    @property
    def size(self) -> int:
        """Numbers of a row."""
        return max(1, math.prod(self.x.shape[1:]))

    def repeats(self) -> Repeats:
        """Finds rows whose numbers are all equal."""
        return self._repeats

    @cached_property
    def _repeats(self) -> Repeats:
        return Repeats(numbered(block_hashes(self.x)), LEAST_DIFFERENT)

    def numbers(self, positions: Positions) -> FloatMatrix | None:
        """All numbers of some rows."""
        part = self.x[positions]
        if part.dtype.kind not in "biuf":
            return None
        flat = part.reshape(len(part), -1).astype(np.float64)
        return np.where(np.isfinite(flat), flat, np.nan)

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

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The array."""
        return {"x": self.x}

    def form(self) -> dict[str, Any]:
        """Nothing: the array says all of itself."""
        return {}

    def tell_unread(self, positions: Positions, plan: InputPlan, tell: Tell) -> None:
        """Nothing to tell: an array's numbers are all read, or refused."""


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
