"""The run's check rows: raw validation rows by which an exported model is checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.kinds import all_kinds, kind_named, kind_of
from automl.data.kinds.kind import Kind
from automl.data.sources.npz import read_npy
from automl.errors import DataError, RunError
from automl.results.run_directory import RunDirectory

if TYPE_CHECKING:
    import pandas as pd

POSITIONS_FILE = "check_positions.npy"


def write_check_rows(
    run: RunDirectory,
    rows: pd.DataFrame | npt.NDArray[Any],
    positions: npt.NDArray[np.int64],
    trial: int | str | None = None,
) -> None:
    """Writes the check rows into the run.

    Args:
        run: The run.
        rows: Raw rows as they were read: a table, or an array (n, *shape).
        positions: int64 (n,), where each of them is among the validation rows.
        trial: The trial whose they are, where it has rows of its own; None for the run's.

    Raises:
        OSError: A file cannot be written.
    """
    folder = run.path if trial is None else run.trial_directory(trial)
    run.root.make_folder(folder)
    with run.root.create(folder / POSITIONS_FILE) as file:
        np.save(file, np.asarray(positions, np.int64), allow_pickle=False)
    kind = kind_of(rows)
    with run.root.create(folder / kind.check_file) as file:
        kind.write_check_rows(file, rows)


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
        kind = _kind_of_run(run)
        return kind.read_check_rows(run.root.checked(kind.check_file)), positions
    except (DataError, OSError, ValueError, KeyError) as error:
        raise RunError(
            f"The check rows of the run {run.path} cannot be read ({error}); restore "
            f"{' or '.join(kind.check_file for kind in all_kinds())} and {POSITIONS_FILE} from a "
            "copy."
        ) from error


def check_rows_file(run: RunDirectory, trial: int | str) -> Path:
    """The file with the raw check rows of a trial: NPZ (``x``) of array data, Parquet of a table.

    They are the run's, unless each trial has a division of its own.
    """
    name = _kind_of_run(run).check_file
    own = run.trial_file(trial, name)
    return own if run.root.is_file(own) else run.path / name


def _kind_of_run(run: RunDirectory) -> Kind:
    """The kind whose check rows a run has; of one without any, that of tables."""
    found = (kind for kind in all_kinds() if run.root.is_file(kind.check_file))
    return next(found, kind_named("table"))
