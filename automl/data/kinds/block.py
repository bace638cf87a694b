"""What kinds share whose rows are one block of numbers each, without columns: arrays, images."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.common.forms import read_form, to_form
from automl.data.columns.unread import Tell
from automl.data.kinds.hashing import block_hashes, numbered
from automl.data.kinds.kind import (
    LEAST_DIFFERENT,
    FloatMatrix,
    InputPlan,
    Kind,
    Positions,
    RawRows,
    Repeats,
    StoredRows,
)
from automl.data.large_arrays import taken


@dataclass(frozen=True)
class BlockPlan(InputPlan):
    """A plan whose one feature is the whole row.

    Attributes:
        block: What a row is; its form is the plan's.
    """

    block: Any

    def features_form(self) -> list[dict[str, Any]]:
        """The JSON form of the block."""
        return [{"kind": self.kind, **to_form(self.block)}]

    def describe(self) -> list[dict[str, Any]]:
        """The shape of a row."""
        return [{"name": "x", "kind": self.kind, "shape": list(self.signature.shape or ())}]


@dataclass(frozen=True)
class BlockRows(RawRows, StoredRows):
    """Rows of one array, which are stored as they are, in their own type.

    Attributes:
        x: The array, (n, *shape).
    """

    x: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.x)

    @property
    def size(self) -> int:
        """Numbers of a row."""
        return max(1, math.prod(self.x.shape[1:]))

    @cached_property
    def repeats(self) -> Repeats:
        """The rows whose numbers are all equal."""
        return Repeats(numbered(block_hashes(self.x)), LEAST_DIFFERENT)

    def numbers(self, positions: Positions) -> FloatMatrix | None:
        """All numbers of some rows."""
        part = self.x[positions]
        if part.dtype.kind not in "biuf":
            return None
        flat = part.reshape(len(part), -1).astype(np.float64)
        return np.where(np.isfinite(flat), flat, np.nan)

    def tell_unread(self, positions: Positions, plan: InputPlan, tell: Tell) -> None:
        """Nothing to tell: the numbers of a block are all read, or refused."""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The array."""
        return {"x": self.x}

    def form(self) -> dict[str, Any]:
        """Nothing: the array says all of itself."""
        return {}


class BlockKind(Kind):
    """A kind of such rows.

    Attributes:
        plan: The class of its plans.
        feature: That of what a row is.
        rows: That of its rows, made of the array alone where they are stored.
    """

    plan: ClassVar[type[BlockPlan]]
    feature: ClassVar[type[Any]]
    rows: ClassVar[type[BlockRows]]

    def plan_from_json(self, features: Sequence[Mapping[str, Any]]) -> BlockPlan:
        """Rebuilds a plan from the JSON form of its one feature."""
        if len(features) > 1:
            raise ValueError(f"features is neither a list of columns nor one of {self.word}")
        form = {key: value for key, value in features[0].items() if key != "kind"}
        return self.plan(read_form(self.feature, form))

    def store(self, views: Iterable[tuple[InputPlan, RawRows]], positions: Positions) -> BlockRows:
        """Stores the array in its own type."""
        *_, (_, rows) = views  # the same of all
        assert isinstance(rows, BlockRows)
        return self.rows(taken(rows.x, positions))

    def stored(self, form: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> BlockRows:
        """The stored array."""
        return self.rows(arrays["x"])
