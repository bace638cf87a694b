"""All images of a request in one place: sources joined, one size, their targets as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.dataset import Dataset
from automl.data.image_fit import ImageFit
from automl.data.kinds.image.meaning import unified
from automl.data.kinds.image.pixels import channels_last, with_channels
from automl.data.kinds.image.rows import ImageRows
from automl.data.kinds.joined_arrays import joined_arrays
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.sources import ArrayPair
from automl.data.sources.image_set import ImageSet
from automl.errors import DataError


def combine_images(request: DataRequest, parts: Sequence[Any], say: Say) -> Dataset:
    """Joins all images of a request; see `Kind.combine`."""
    say_once = _once(say)
    sets = [None if part is None else _image_set(part, say_once) for part in parts]
    pixels, shares = unified([None if one is None else one.x for one in sets], say_once)
    pairs = [
        None if x is None or one is None or one.y is None else ArrayPair(_asked(x, request), one.y)
        for x, one in zip(pixels, sets, strict=True)
    ]

    def rows_of(x: npt.NDArray[Any]) -> ImageRows:
        return ImageRows(x, None, shares, request.image_fit)

    by_folder = any(one is not None and one.files is not None for one in sets)
    dataset = joined_arrays(request, pairs, rows_of, say, by_folder)
    rows = dataset.rows
    assert isinstance(rows, ImageRows)
    declared = tuple(dataset.targets.columns) if by_folder else ()  # a folder's name is a class
    rows = replace(rows, files=_files(sets, dataset))
    return replace(dataset, rows=rows, declared=declared)


def _asked(pixels: npt.NDArray[Any], request: DataRequest) -> npt.NDArray[Any]:
    """Images in the channels and the size that were asked for."""
    if request.channels is not None:
        pixels = with_channels(pixels, request.channels)
    if request.image_size is not None:
        pixels = ImageFit(*request.image_size, request.image_fit).fitted_array(pixels)
    return pixels


def _image_set(rows: Any, say: Say) -> ImageSet:
    """Images with their targets, channels last.

    Raises:
        DataError: They are none.
    """
    if isinstance(rows, ArrayPair):
        return ImageSet(channels_last(rows.x, say), rows.y)
    if isinstance(rows, ImageSet):
        return rows
    raise DataError("Some rows came as images and others as a table: give all of them in one form.")


def _files(sets: Sequence[ImageSet | None], dataset: Dataset) -> npt.NDArray[np.object_] | None:
    """The file of each image; None where those of a part have none."""
    if any(one is not None and one.files is None for one in sets):
        return None
    files = np.empty(len(dataset.part), object)
    for number, one in enumerate(sets):
        if one is not None and one.files is not None:
            own = dataset.part == number
            files[own] = one.files[dataset.row[own] - 1]
    return files


def _once(say: Say) -> Say:
    """Says each sentence once, though each part may give cause for it."""
    said: set[str] = set()

    def tell(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            say(sentence)

    return tell
