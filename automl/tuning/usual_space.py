"""The space of a search, where nobody has named one and the rows are not numbers and words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from automl.data.sources import is_folder
from automl.data.sources.parquet_file import SUFFIXES, images_of
from automl.tuning.search_request import SearchRequest
from automl.tuning.transfer import transfer_space

#: The space of images.
OF_IMAGES = "image"


def with_usual_space(
    request: SearchRequest, left_open: Collection[str] = ()
) -> tuple[SearchRequest, str]:
    """Takes a space for what is taken over, or of images for such rows, where no space was named.

    Args:
        request: What was asked.
        left_open: Names of the options that were not given.

    Returns:
        The request, and a sentence on the space, or "".
    """
    if "space" in left_open and request.from_model is not None:
        named = transfer_space(request.from_model)
        note = f"space: {named}, which takes over the layers of {request.from_model}"
        return replace(request, space=named), note
    why = _why_images(request.data.source, request.data.ignore) if "space" in left_open else ""
    if not why:
        return request, ""
    return replace(request, space=OF_IMAGES), f"space: {OF_IMAGES}, for {why} (--space overrules)"


def _why_images(source: object, ignored: Collection[object]) -> str:
    """Why rows are images, as far as it shows without reading them, or ""."""
    if not isinstance(source, str | Path):
        return ""
    if is_folder(source):
        return "the rows are a folder of images"
    column = images_of(Path(source)) if str(source).lower().endswith(SUFFIXES) else ""
    return f"column {column!r} holds images" if column and column not in ignored else ""
