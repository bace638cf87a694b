"""Reading NumPy's own files, NPZ and NPY, without ever unpickling."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from automl.errors import DataError

ARRAY_KEYS = ("x", "y", "x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
# First bytes by which NumPy tells its files apart; it takes everything else for a pickle.
NPY_START = b"\x93NUMPY"
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
PICKLE_START = b"\x80"
# What NumPy and zipfile raise on files that are cut, mangled or something else altogether.
UNREADABLE = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def npz_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Reads the arrays of an NPZ file that have a known name, or of an NPY file as ``x``.

    Args:
        path: The file.

    Returns:
        Name to array, for the names in `ARRAY_KEYS`.

    Raises:
        DataError: The file cannot be read, or holds pickled objects.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(NPY_START))
        if not start.startswith((NPY_START, *ZIP_STARTS, PICKLE_START)):
            raise ValueError("it is neither an archive of arrays nor an array")
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, Mapping):
            return {"x": archive}
        with cast("np.lib.npyio.NpzFile", archive) as arrays:
            return {key: arrays[key] for key in arrays if key in ARRAY_KEYS}
    except UNREADABLE as error:
        if "pickle" in str(error):
            raise DataError(
                f"The file {str(path)!r} holds pickled objects, which are refused because reading "
                "them can run code: save plain arrays of numbers."
            ) from error
        raise DataError(
            f"The file {str(path)!r} cannot be read as NPZ: {first_line(error)}; write one with "
            "`numpy.savez(FILE, x=..., y=...)`."
        ) from error


def first_line(error: Exception) -> str:
    """The first line of another library's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
