"""Reading NumPy's own files, NPZ and NPY, without ever unpickling."""

from __future__ import annotations

import os
import tokenize
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from automl.common.archives import UNREADABLE_ARCHIVE
from automl.common.root import Root
from automl.common.texts import first_line
from automl.data.memory import check_memory
from automl.errors import DataError

ARRAY_KEYS = ("x", "y", "x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
#: Other names of these, in any case of letters too.
ALIASES = {
    f"{letter}_{other}": f"{letter}_{part}"
    for letter in "xy"
    for part, others in (("val", ("valid", "validation", "dev")), ("train", ("training",)))
    for other in others
}
# First bytes by which NumPy tells its files apart; it takes everything else for a pickle.
NPY_START = b"\x93NUMPY"
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
PICKLE_START = b"\x80"
# What `numpy.savez` and `numpy.savez_compressed` use.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What NumPy and zipfile raise on files that are cut, mangled or something else altogether.
UNREADABLE: tuple[type[Exception], ...] = (
    *UNREADABLE_ARCHIVE,
    TypeError,
    IndexError,
    SyntaxError,
    MemoryError,
    tokenize.TokenError,
)


class PickledObjectsError(ValueError):
    """A file holds objects that only unpickling could give, which can run code."""


def npz_arrays(path: Path, keys: Sequence[str] = ARRAY_KEYS) -> dict[str, npt.NDArray[Any]]:
    """Reads the arrays of an NPZ file that have a known name, or of an NPY file as ``x``.

    Args:
        path: The file.
        keys: Names of the arrays to read; others are left alone.

    Returns:
        Name to array, for the names in ``keys`` that are there.

    Raises:
        DataError: The file cannot be read, is not whole, does not fit into memory, or holds
            pickled objects.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(NPY_START))
        if start.startswith(NPY_START):
            return {"x": read_npy(path)}
        if start.startswith(PICKLE_START):
            raise PickledObjectsError("it is a pickle")
        if not start.startswith(ZIP_STARTS):
            raise ValueError("it is neither an archive of arrays nor an array")
        return _read_archive(path, path, keys)
    except PickledObjectsError as error:
        raise DataError(
            f"The file {str(path)!r} holds pickled objects, which are refused because reading "
            "them can run code: save plain arrays of numbers."
        ) from error
    except UNREADABLE as error:
        raise DataError(
            f"The file {str(path)!r} cannot be read as NPZ: {first_line(error)}; write one with "
            "`numpy.savez(FILE, x=..., y=...)`."
        ) from error


def read_npy(path: Path, *, mapped: bool = False, root: Root | None = None) -> npt.NDArray[Any]:
    """Reads an NPY file.

    Args:
        path: The file.
        mapped: Whether to map it into memory, read-only.
        root: The tree that the file must be in, with no link on the way; None for a file that a
            person has named.

    Returns:
        The array.

    Raises:
        OSError: There is no such file.
        ValueError: It is not an NPY file, holds more or fewer numbers than it says, or holds
            pickled objects (`PickledObjectsError`).
        DataError: It does not fit into memory.
    """
    with path.open("rb") if root is None else root.open(path) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            header = _header(file, size)
        except UNREADABLE as error:
            raise _as_value_error(error) from error
        if mapped and header.numbers:  # an array without numbers has no bytes to map
            order: Any = "F" if header.fortran else "C"
            start = file.tell()
            found = np.memmap(file, header.dtype, "r", start, header.shape, order)
            # A file that was opened below its folder has no name of its own; who maps it once more
            # (`automl.training.device_data`) needs one.
            found.filename = str(Path(path).absolute())
            return found
        check_memory(path, size)
        file.seek(0)
        array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def archive_arrays(file: IO[bytes], place: Path) -> dict[str, npt.NDArray[Any]]:
    """Reads all arrays of an archive that this package wrote, which may have been changed since.

    Args:
        file: The archive.
        place: Where it is from, for the message.

    Raises:
        ValueError: It is none, is not whole, or holds pickled objects (`PickledObjectsError`).
        DataError: It does not fit into memory.
    """
    try:
        return _read_archive(file, place)
    except UNREADABLE as error:
        raise _as_value_error(error) from error


def _as_value_error(error: Exception) -> ValueError:
    return error if isinstance(error, ValueError) else ValueError(first_line(error))


def _read_archive(
    file: Path | IO[bytes], place: Path, keys: Sequence[str] | None = None
) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(file) as archive:
        found = archive.infolist()
        members = [info for info in found if keys is None or _key(info, keys) in keys]
        if len({_key(info, keys) for info in members}) < len(members):
            raise ValueError("two of its arrays have one name")
        check_memory(place, sum(info.file_size for info in members))
        for info in members:
            arrays[_key(info, keys)] = _read_member(archive, info)
    return arrays


def _key(info: zipfile.ZipInfo, keys: Sequence[str] | None = None) -> str:
    """The name of an array: where it is not one of those wanted, that for which it stands."""
    name = info.filename.removesuffix(".npy")
    if keys is None or name in keys:
        return name
    return ALIASES.get(name.lower(), name.lower())


def other_arrays(path: Path) -> list[str]:
    """The names of the arrays of an archive that stand for none of those that are read."""
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            return []
    with zipfile.ZipFile(path) as archive:
        found = archive.infolist()
    return sorted(_key(one) for one in found if _key(one, ARRAY_KEYS) not in ARRAY_KEYS)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if info.compress_type not in COMPRESSIONS:
        raise ValueError(f"{info.filename} is compressed in a way that NumPy does not know")
    with archive.open(info) as member:
        _header(member, info.file_size)
    with archive.open(info) as member:
        # The checksum is compared when the last byte is read, and only then: an array that ended
        # before it would not be compared at all.
        array: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
    return array


class _Header(NamedTuple):
    """What the header of an NPY file says."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    numbers: int


def _header(file: IO[bytes], size: int) -> _Header:
    """Reads the header of an NPY file of so many bytes.

    Raises:
        ValueError: There are more or fewer than the header says, or they are pickled objects.
    """
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise PickledObjectsError("it holds pickled objects")
    if dtype.itemsize == 0 or any(not 0 <= length < 2**63 for length in shape):
        raise ValueError(f"an array cannot have the shape {shape} and the type {dtype}")
    count = 1
    for length in shape:
        count *= length
    if file.tell() + count * dtype.itemsize != size:
        raise ValueError(
            f"it holds {size - file.tell():,} bytes, but its header promises "
            f"{count * dtype.itemsize:,}"
        )
    return _Header(shape, fortran, dtype, count)
