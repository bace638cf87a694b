"""The space of a search, where nobody has named one and the rows are no table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from automl.data.sources import is_folder
from automl.tuning.search_request import SearchRequest
from automl.tuning.transfer import transfer_space

#: The space of images: those in a folder are nothing else.
OF_IMAGES = "image"


def with_usual_space(
    request: SearchRequest, left_open: Collection[str] = ()
) -> tuple[SearchRequest, str]:
    """Takes a space for what is taken over, or of images for a folder, where no space was named.

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
    source = request.data.source
    if "space" not in left_open or not isinstance(source, str | Path) or not is_folder(source):
        return request, ""
    note = f"space: {OF_IMAGES}, for the rows are a folder of images (--space overrules)"
    return replace(request, space=OF_IMAGES), note
