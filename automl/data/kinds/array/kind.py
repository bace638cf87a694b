"""The kind of arrays: a block of numbers a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.kinds.array.plan import ArrayFeature, ArrayPlan
from automl.data.kinds.array.rows import ArrayRows
from automl.data.kinds.block import BlockKind
from automl.data.kinds.given_arrays import given_arrays
from automl.data.kinds.joined_arrays import joined_arrays
from automl.data.kinds.kind import InputPlan
from automl.data.say import Say
from automl.data.sources import ArrayPair, Loaded
from automl.data.sources.file_format import HowToRead
from automl.data.sources.npz import npz_arrays
from automl.data.sources.reconstruction import say_left_out
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.dataset import Dataset
    from automl.data.request import DataRequest

NO_ARRAYS = "The model was trained on arrays, but the rows are a table: give arrays."


class ArrayKind(BlockKind):
    """Arrays."""

    name = "array"
    word = "arrays"
    features = ("array",)
    check_file = "check.npz"
    plan, feature, rows = ArrayPlan, ArrayFeature, ArrayRows

    def holds(self, rows: Any) -> bool:
        """Whether rows are an array, or one with targets."""
        return isinstance(rows, ArrayPair | np.ndarray)

    def combine(
        self, request: DataRequest, parts: Sequence[Any], source: Loaded, say: Say
    ) -> Dataset:
        """Joins all rows of a request, which must have one shape."""
        return joined_arrays(request, parts, ArrayRows, say)

    def read(
        self, source: Any, plan: InputPlan, how: HowToRead
    ) -> tuple[Any, npt.NDArray[Any] | None]:
        """Reads an array (n, *shape), and its targets if they are there."""
        assert isinstance(plan, ArrayPlan)
        given, y = given_arrays(source, NO_ARRAYS)
        x = plan.block.shaped(given)
        if not how.reconstructs:
            return x, y
        if y is not None and how.say is not None:
            say_left_out([ArrayPair(given, y)], how.say)
        return x, x

    def target_frame(self, rows: Any) -> pd.DataFrame:
        """None: an array has no columns."""
        raise DataError("the rows have no columns to take the target from: give x and y")

    def write_check_rows(self, file: IO[bytes], rows: Any) -> None:
        """Writes an array as the x of an NPZ file."""
        np.savez_compressed(file, x=rows)

    def read_check_rows(self, path: Path) -> Any:
        """Reads the array."""
        return npz_arrays(path, ("x",))["x"]

    def input_lines(self, features: Sequence[Mapping[str, Any]]) -> list[str]:
        """The shape of the one array."""
        sizes = ", ".join(map(str, features[0]["shape"]))
        return [f"`inputs` is one float32 array of the shape (rows, {sizes})."]


KIND = ArrayKind()
