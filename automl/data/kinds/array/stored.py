"""Rows of arrays as they are stored for all views: as they came, in their own type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from automl.data.kinds.array.plan import ArrayPlan
from automl.data.kinds.kind import FloatArray, InputPlan, IntArray, Positions, StoredRows


@dataclass(frozen=True)
class StoredArray(StoredRows):
    """Rows of an array.

    Attributes:
        x: The array, (n, *shape).
    """

    x: npt.NDArray[Any]

    def prepared(self, positions: Positions, plan: InputPlan) -> tuple[FloatArray, IntArray]:
        """The core model's inputs of some rows."""
        assert isinstance(plan, ArrayPlan)
        return plan.apply_at(self.x, positions)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The array."""
        return {"x": self.x}

    def form(self) -> dict[str, Any]:
        """Nothing: the array says all of itself."""
        return {}
