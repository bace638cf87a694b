"""Images in memory: all of one size, with their targets and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ImageSet:
    """Images of one size.

    Attributes:
        x: The images, (n, height, width, channels), uint8 or float32.
        y: Targets, (n,) or (n, k); None where nobody has given any.
        files: The file of each, below the folder that was given, (n,) of texts; None of arrays.
        table: Of images that a table names, its rows, which may hold targets; else None.
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[Any] | None = None
    files: npt.NDArray[np.object_] | None = None
    table: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Any) -> ImageSet:
        """Some of the images, by their positions or by which they are."""
        y, files, table = self.y, self.files, self.table
        return ImageSet(
            self.x[rows],
            None if y is None else y[rows],
            None if files is None else files[rows],
            None
            if table is None
            else table.iloc[np.arange(len(table))[rows]].reset_index(drop=True),
        )
