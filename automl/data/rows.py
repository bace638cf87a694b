"""Reading raw rows for a trained model: new rows to predict, or rows to score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from automl.data.kinds import kind_named
from automl.data.plan import PreprocessingPlan
from automl.data.say import Say
from automl.data.sources.file_format import HowToRead


def read_rows(
    source: Any,
    plan: PreprocessingPlan,
    names: Sequence[str] = (),
    say: Say | None = None,
    separator: str | None = None,
    reconstructs: bool = False,
    place: Path | None = None,
) -> tuple[Any, npt.NDArray[Any] | None]:
    """Reads raw rows as the plan takes them.

    Args:
        source: A file, the name of a bundled set, a DataFrame, an array, or a pair of arrays. Of
            an NPZ or NPY file of array data, y may be missing.
        plan: The plan of the model that is to see them.
        names: Column names of a text file without a header.
        say: Called with what a person should be told.
        separator: What separates the values of a text file; None to find out.
        reconstructs: Whether the inputs of arrays are their targets too.
        place: The folder that paths in the rows start from; None for that of the file.

    Returns:
        The rows, a frame of raw columns (targets included, if they are there) or an array
        (n, *shape); and y of array data, or None.

    Raises:
        DataError: The rows cannot be read, or are not of the plan's form.
    """
    how = HowToRead(names, say, separator, reconstructs, place)
    return kind_named(plan.inputs.kind).read(source, plan.inputs, how)
