"""Where rows come from: one file a format, and `load`, which finds the one that fits."""

from automl.data.sources.bundled import BUNDLED
from automl.data.sources.file_format import Loaded
from automl.data.sources.frames import ArrayPair, checked_frame, checked_pair
from automl.data.sources.load import (
    check_source,
    is_bundled,
    is_folder,
    keep_standard_input,
    load,
    open_source,
)

__all__ = [
    "BUNDLED",
    "ArrayPair",
    "Loaded",
    "check_source",
    "checked_frame",
    "checked_pair",
    "is_bundled",
    "is_folder",
    "keep_standard_input",
    "load",
    "open_source",
]
