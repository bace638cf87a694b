"""Images of a table: a column of paths or of whole files, beside it what is to be learnt."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.texts import valid_text
from automl.data.dataset import Dataset
from automl.data.kinds.image.rows import ImageRows
from automl.data.kinds.roles import find_roles
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.sources import Loaded
from automl.data.sources.image_file import SUFFIXES, is_encoded
from automl.data.sources.image_files import ImagesRead, LeftOut, read_images
from automl.data.sources.image_reading import ImageReading
from automl.data.sources.image_set import ImageSet
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Values of a column that are looked at, and the share that has to be named as an image's file.
LOOKED_AT, SHARE = 100, 0.8


def combine_listed(request: DataRequest, parts: Sequence[Any], source: Loaded, say: Say) -> Dataset:
    """Joins all images that tables name; see `Kind.combine`.

    Columns play the parts that they play in tables; those that play none are not learnt from.
    """
    from automl.data.kinds import kind_named

    main: pd.DataFrame = parts[0]
    column = path_column(main)
    for rows in parts[1:]:
        if rows is not None and column not in getattr(rows, "columns", ()):
            raise DataError(f"Rows for validation or test have no column {column!r} of paths.")
    request = _with_target(request, main, column, source, say)
    named = [None if rows is None else _named(rows, column) for rows in parts]
    alone = _without_others(request, main, column, source)
    table = kind_named("table").combine(alone, named, source, say)
    paths = np.empty(len(table.part), object)
    for number, rows in enumerate(parts):
        if rows is not None:
            own = table.part == number
            paths[own] = rows[column].to_numpy(object)[table.row[own] - 1]
    reading = ImageReading.of(request)
    settling = np.flatnonzero(table.part == 0)
    images = _read(paths, settling, reading, source.place, say)
    if not (table.part[images.read] == 0).any():
        raise DataError(f"No image of column {column!r} can be read.")
    say(f"column {column!r} has the images")
    files = _names(paths)[images.read]
    rows = ImageRows(images.x, files, False, request.image_fit, is_listed=True)
    return replace(_only(table, images.read), rows=rows, fingerprint=images.digest.hex())


def read_listed(
    table: pd.DataFrame, reading: ImageReading, place: Path | None, say: Say
) -> ImageSet:
    """The images that a table names, for a trained model.

    Args:
        table: The table; it may hold the targets too.
        reading: How the images are read, size and channels included.
        place: The folder that paths start from; None for where the program runs.
        say: Called with what a person should be told.

    Raises:
        DataError: It names no images, or none that can be read.
    """
    paths = table[path_column(table)].to_numpy(object)
    images = _read(paths, range(len(paths)), reading, place, say)
    files = _names(paths)[images.read]
    return ImageSet(images.x, None, files, table.iloc[images.read].reset_index(drop=True))


def read_one(path: Path, reading: ImageReading, say: Say) -> ImageSet:
    """The image of one file, for a trained model; see `read_listed`."""
    name = valid_text(str(path))
    images = read_images([(name, path)], [0], reading, path, LeftOut(), say)
    return ImageSet(images.x, None, np.array([name], object))


def path_column(table: pd.DataFrame) -> str:
    """The column of images: the first that holds such files, else the first that names them.

    Raises:
        DataError: There is none.
    """
    found = _image_column(table)
    if found is not None and _is_named(found) and not is_encoded(table[found].iloc[0]):
        raise DataError(
            f"The first line of the table names an image, {found!r}, and not its columns: say how "
            "these are called with --names, such as --names path,label."
        )
    if found is not None:
        return found
    unread = [name for name in table if any(isinstance(one, bytes) for one in table[name])]
    if unread:
        raise DataError(
            f"Column {str(unread[0])!r} holds bytes that are no file of an image: write JPEG, PNG, "
            "BMP, GIF or WebP (tf.io.encode_png), or give arrays (NPZ)."
        )
    raise DataError(
        "The models take images, but the rows are a table without a column of paths of images: "
        "give a folder with a folder of images for each class, arrays of images, a table that "
        "names files (.jpg, .png), or choose a space for tables (--space mlp)."
    )


def note_on_images(table: pd.DataFrame, ignored: Sequence[str | int]) -> str:
    """A sentence on a column of images in a table that is learnt from as such, or "".

    Args:
        table: The table.
        ignored: Columns that a person has left out.
    """
    found = _image_column(table)
    if found is None or found in ignored:
        return ""
    return (
        f"column {found!r} has images or names their files, and is learnt from as any column is: "
        "--space image learns from the images"
    )


def _image_column(table: pd.DataFrame) -> str | None:
    for holds in (is_encoded, _is_named):  # a name beside the file itself need not lead to one
        for name in table.columns:
            values = [one for one in table[name].head(LOOKED_AT) if isinstance(one, str | bytes)]
            if values and sum(map(holds, values)) >= SHARE * len(values):
                return str(name)
    return None


def _is_named(value: Any) -> bool:
    """Whether a value is named as a file of an image is."""
    return str(value).strip().lower().endswith(SUFFIXES)


def _with_target(
    request: DataRequest, main: pd.DataFrame, column: str, source: Loaded, say: Say
) -> DataRequest:
    """The request with the one other column as its target, where none was named."""
    if request.target or source.target:
        return request
    columns = [str(name) for name in main.columns]
    given = (request.weight, request.group, request.fold_column, request.split_by_time)
    given = (*given, request.split_column, *request.ignore)
    taken = {column, *(one for one in given if isinstance(one, str))}
    others = [name for name in columns if name not in taken]
    if len(others) != 1:
        return request
    say(f"target: column {others[0]!r}, the one beside the paths (--target overrules)")
    return replace(request, target=tuple(others))


def _without_others(
    request: DataRequest, main: pd.DataFrame, column: str, source: Loaded
) -> DataRequest:
    """The request without the columns that play no part, which may hold anything."""
    roles = find_roles(request, main, source.target, source.from_text)
    others = [name for name in roles.features if name != column]
    return replace(request, allow_wide=True, ignore=(*request.ignore, *others))


def _read(
    paths: npt.NDArray[np.object_],
    settling: Sequence[int] | npt.NDArray[np.int64],
    reading: ImageReading,
    place: Path | None,
    say: Say,
) -> ImagesRead:
    start = place or Path.cwd()
    files = [(name, _file_of(start, path)) for name, path in zip(_names(paths), paths, strict=True)]
    return read_images(files, [int(one) for one in settling], reading, start, LeftOut(), say)


def _file_of(start: Path, path: Any) -> Path | bytes:
    """The file that a table names, or what it holds in its place; nothing where that is missing."""
    if isinstance(path, bytes):
        return path
    if not (name := _text_of(path)):
        return b""
    # As Windows writes paths, which no other system understands.
    turned = name.replace("\\", "/")
    return start / (turned if turned != name and not os.path.lexists(start / name) else name)


def _names(paths: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """What images are called: their files, or the numbers of their rows, counted from 1."""
    named = enumerate(paths, 1)
    return np.array([_text_of(path) or f"row {row}" for row, path in named], object)


def _text_of(path: Any) -> str:
    """A path; "" of the content of a file, and where it is missing."""
    return path.strip() if isinstance(path, str) else ""


def _named(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with names in place of whole files, which are no values of a column."""
    return rows.assign(**{column: _names(rows[column].to_numpy(object))})


def _only(dataset: Dataset, rows: npt.NDArray[np.int64]) -> Dataset:
    """Some rows of a data set, but for what is learnt from."""

    def taken(array: npt.NDArray[Any] | None) -> Any:
        return None if array is None else array[rows]

    return replace(
        dataset,
        part=dataset.part[rows],
        row=dataset.row[rows],
        targets=dataset.targets.iloc[rows].reset_index(drop=True),
        weight=taken(dataset.weight),
        group=taken(dataset.group),
        time=taken(dataset.time),
        fold=taken(dataset.fold),
    )
