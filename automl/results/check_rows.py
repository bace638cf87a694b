"""The run's check rows: raw validation rows by which an exported model is checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.sources.npz import npz_arrays, read_npy
from automl.data.sources.parquet_file import read_parquet
from automl.errors import DataError, RunError
from automl.results.run_directory import RunDirectory

if TYPE_CHECKING:
    import pandas as pd

TABLE_FILE = "check.parquet"
ARRAY_FILE = "check.npz"
POSITIONS_FILE = "check_positions.npy"


def write_check_rows(
    run: RunDirectory, rows: pd.DataFrame | npt.NDArray[Any], positions: npt.NDArray[np.int64]
) -> None:
    """Writes the check rows into the run.

    Args:
        run: The run.
        rows: Raw rows as they were read: a table, or an array (n, *shape).
        positions: int64 (n,), where each of them is among the validation rows.

    Raises:
        OSError: A file cannot be written.
    """
    with run.root.create(POSITIONS_FILE) as file:
        np.save(file, np.asarray(positions, np.int64), allow_pickle=False)
    if isinstance(rows, np.ndarray):
        with run.root.create(ARRAY_FILE) as file:
            np.savez_compressed(file, x=rows)
    else:
        with run.root.create(TABLE_FILE) as file:
            _storable(rows).to_parquet(file, index=False, write_page_checksum=True)


def read_check_rows(
    run: RunDirectory,
) -> tuple[pd.DataFrame | npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Reads the check rows.

    Returns:
        The raw rows and their positions among the validation rows, as they were written.

    Raises:
        RunError: They are not there, or cannot be read.
    """
    try:
        positions = read_npy(run.path / POSITIONS_FILE, root=run.root)
        if run.root.is_file(ARRAY_FILE):
            return npz_arrays(run.root.checked(ARRAY_FILE), ("x",))["x"], positions
        return read_parquet(run.root.checked(TABLE_FILE)), positions
    except (DataError, OSError, ValueError, KeyError) as error:
        raise RunError(
            f"The check rows of the run {run.path} cannot be read ({error}); restore "
            f"{TABLE_FILE} or {ARRAY_FILE} and {POSITIONS_FILE} from a copy."
        ) from error


def check_rows_file(run: RunDirectory) -> Path:
    """The file with the raw check rows: NPZ (``x``) of array data, else Parquet."""
    return run.path / (ARRAY_FILE if run.root.is_file(ARRAY_FILE) else TABLE_FILE)


def _storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Gives columns of mixed types, for which Parquet has no type, the texts they are read as."""
    import pandas as pd

    from automl.data.columns.column import clean

    frame = frame.reset_index(drop=True)
    for name in frame.columns:
        if frame[name].dtype == object or isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = clean(frame[name])
    return frame.rename(columns=str)
