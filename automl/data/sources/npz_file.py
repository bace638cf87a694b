"""Files of arrays, NPZ and NPY: x with y, and rows for validation and test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.sources.content import Content
from automl.data.sources.file_format import FileFormat, HowToRead, Loaded
from automl.data.sources.frames import ArrayPair, checked_pair
from automl.data.sources.npz import NPY_START, npz_arrays, other_arrays
from automl.errors import DataError

# Arrays that are not read and are named.
NAMED = 5


@contextmanager
def _on_disk(content: Content) -> Iterator[Path]:
    """The file, or another with what it holds unpacked."""
    if content.raw is None:
        yield content.path
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(content.path.name).stem + ".npz")
        path.write_bytes(content.raw)
        yield path


def _arrays_in(content: Content) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an NPZ or NPY file that have a known name.

    Raises:
        DataError: It cannot be read.
    """
    with _on_disk(content) as path:
        return npz_arrays(path)


def _read(content: Content, how: HowToRead) -> Loaded:
    arrays = _arrays_in(content)
    with _on_disk(content) as path:
        others = other_arrays(path)
    loaded = _of_arrays(arrays, others, content, how)
    if others and how.say:
        how.say(f"some arrays of the file are not read{_beside(others)}")
    return loaded


def _beside(others: Sequence[str]) -> str:
    """The names of arrays that are not read, in brackets."""
    if not others:
        return ""
    more = ", ..." if len(others) > NAMED else ""
    return f" ({', '.join(map(repr, others[:NAMED]))}{more})"


def _of_arrays(
    arrays: dict[str, npt.NDArray[np.generic]],
    others: Sequence[str],
    content: Content,
    how: HowToRead,
) -> Loaded:
    if how.reconstructs:
        inputs = {_partner(key): array for key, array in arrays.items() if key.startswith("x")}
        arrays = inputs | arrays  # what came with them is left out later, where that is said
    given = set(arrays)
    lonely = [key for key in given if _partner(key) not in given]
    first = "x_train" if "x_train" in given else "x"
    if first not in given or lonely:
        known = ", ".join(sorted(given)) or "no known arrays"
        raise DataError(
            f"The file {str(content.path)!r} holds {known}{_beside(others)}: it should hold x and "
            "y, or x_train and y_train with x_val, y_val, x_test, y_test as wanted."
        )

    def pair(key: str) -> ArrayPair | None:
        if key not in given:
            return None
        return checked_pair(arrays[key], arrays[_partner(key)])

    return Loaded(pair(first), pair("x_val"), pair("x_test"), digest=content.digest)


def _partner(key: str) -> str:
    return ("y" if key.startswith("x") else "x") + key[1:]


FORMAT = FileFormat(
    "NPZ",
    (".npz", ".npy"),
    _read,
    starts=(NPY_START,),
    archive=lambda names: bool(names) and all(name.endswith(".npy") for name in names),
    arrays=_arrays_in,
)
