"""The kind of images: height, width and channels of bytes a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.kinds.block import BlockKind
from automl.data.kinds.given_arrays import given_arrays
from automl.data.kinds.image.combine import combine_images
from automl.data.kinds.image.listed import (
    combine_listed,
    note_on_images,
    read_listed,
    read_one,
)
from automl.data.kinds.image.pixel_table import combine_pixels, pixel_columns, squares
from automl.data.kinds.image.pixels import check_several
from automl.data.kinds.image.plan import ImageFeature, ImagePlan
from automl.data.kinds.image.rows import ImageRows
from automl.data.kinds.kind import InputPlan
from automl.data.say import Say
from automl.data.separators import checked_separator
from automl.data.sources import Loaded, is_bundled, is_folder, load, open_source
from automl.data.sources.file_format import HowToRead
from automl.data.sources.image_file import is_image_file
from automl.data.sources.image_reading import ImageReading
from automl.data.sources.image_set import ImageSet
from automl.data.sources.npz import npz_arrays
from automl.errors import DataError
from automl.vocabulary.inputs import IMAGE

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.dataset import Dataset
    from automl.data.request import DataRequest

NO_IMAGES = "The model was trained on images, but the rows are none: give images."


class ImageKind(BlockKind):
    """Images."""

    name = IMAGE
    word = "images"
    features = (IMAGE,)
    check_file = "check_images.npz"
    plan, feature, rows = ImagePlan, ImageFeature, ImageRows
    example = "PHOTOS"

    def holds(self, rows: Any) -> bool:
        """Whether rows are images that were read as such."""
        return isinstance(rows, ImageSet)

    def combine(
        self, request: DataRequest, parts: Sequence[Any], source: Loaded, say: Say
    ) -> Dataset:
        """Joins all images of a request: arrays, folders, and tables of files or of pixels."""
        if hasattr(parts[0], "columns"):
            combined = combine_pixels if pixel_columns(parts[0]) else combine_listed
            return combined(request, parts, source, say)
        return combine_images(request, parts, say)

    def missed(self, rows: Any, request: DataRequest) -> str:
        """That a table has images, which are learnt from only where somebody asks for it."""
        return note_on_images(rows, request.ignore) if hasattr(rows, "columns") else ""

    def read(
        self, source: Any, plan: InputPlan, how: HowToRead
    ) -> tuple[Any, npt.NDArray[Any] | None]:
        """Reads an `ImageSet`, and y if it is there."""
        assert isinstance(plan, ImagePlan)
        one = plan.block
        reading = ImageReading((one.height, one.width), one.channels, one.fit, every=True)
        tell = how.say or (lambda _: None)
        if isinstance(source, np.ndarray | tuple | list) or _is_of_arrays(source):
            x, y = given_arrays(source, NO_IMAGES)
            check_several(x, one.width)
            one.meaning.check(x, tell)
            return ImageSet(plan.given(x), y), y
        return _read_files(source, plan, reading, how, tell)

    def target_frame(self, rows: Any) -> pd.DataFrame:
        """The table that names the images.

        Raises:
            DataError: They are no files that a table names.
        """
        if rows.table is None:
            raise DataError(
                "The images have no targets: give x and y, a folder for each class, or a table of "
                "paths and targets."
            )
        table: pd.DataFrame = rows.table
        return table

    def row_names(self, rows: Any) -> npt.NDArray[Any] | None:
        """The files."""
        files: npt.NDArray[Any] | None = rows.files
        return files

    def write_check_rows(self, file: IO[bytes], rows: Any) -> None:
        """Writes images as the x of an NPZ file."""
        np.savez_compressed(file, x=rows.x)

    def read_check_rows(self, path: Path) -> Any:
        """Reads the images."""
        return ImageSet(npz_arrays(path, ("x",))["x"])

    def input_lines(self, features: Sequence[Mapping[str, Any]]) -> list[str]:
        """Type, channels and sizes of the images."""
        image = self.plan_from_json(features).block
        how = (
            "padded with black to these proportions and resized"
            if image.fit == "pad"
            else "resized"
        )
        numbers = "of 0 to 255" if image.pixel == "uint8" else "as the training images had them"
        return [
            f"`inputs` is one {image.pixel} array of images, {numbers}, of the shape",
            f"(rows, height, width, {image.channels}). Those of {image.height} x {image.width} "
            "pixels, as in training, are taken as they",
            f"are; of any other size the model has them {how}.",
        ]


KIND = ImageKind()


def _read_files(
    source: Any, plan: ImagePlan, reading: ImageReading, how: HowToRead, say: Say
) -> tuple[ImageSet, npt.NDArray[Any] | None]:
    """Images of a file, a folder or a table, and y where folders are classes."""
    y = None
    if is_image_file(source):
        found = read_one(Path(source), reading, say)
    else:
        loaded = load(source, how.names, say, checked_separator(how.separator), reading)
        if isinstance(loaded.main, ImageSet):
            found, y = loaded.main, loaded.main.y
        elif pixels := pixel_columns(loaded.main):
            found = ImageSet(squares(loaded.main, pixels), table=loaded.main)
        else:
            found = read_listed(loaded.main, reading, how.place or loaded.place, say)
    plan.block.meaning.check(found.x, say)
    return (replace(found, x=plan.given(found)) if found.files is None else found), y


def _is_of_arrays(source: Any) -> bool:
    """Whether a source is a file of arrays."""
    if not isinstance(source, str | Path) or is_bundled(source) or is_folder(source):
        return False
    if is_image_file(source):
        return False
    return open_source(source)[1].arrays is not None
