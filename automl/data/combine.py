"""Reading all sources of a request, and joining their rows."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from automl.data.dataset import Dataset
from automl.data.kinds import all_kinds, kind_named, kind_of
from automl.data.part_column import in_parts
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.sources import Loaded, load
from automl.data.sources.image_reading import ImageReading
from automl.errors import DataError, RequestError
from automl.vocabulary.inputs import IMAGE


def combine(request: DataRequest, say: Say) -> Dataset:
    """Reads all sources of a request and joins their rows.

    Args:
        request: The request.
        say: Called with what a person should be told.

    Raises:
        DataError: A source cannot be read, or its rows cannot be used.
        RequestError: An option does not fit the kind of source.
    """
    asked = ImageReading.of(request)
    main = load(request.source, request.names, say, request.separator, asked, request.reconstructs)
    main = in_parts(main, request, say)
    given = [_given(request, part, main, say) for part in ("validation", "test")]
    digest = hashlib.sha256(main.digest)
    for loaded in given:
        digest.update(b"-" if loaded is None else loaded.digest)
    parts = [main.main, *(None if loaded is None else loaded.main for loaded in given)]
    kinds = {kind_of(rows) for rows in parts if rows is not None}
    if request.kind is not None:
        kinds = {kind_named(request.kind)}
    if request.reconstructs and IMAGE in {kind.name for kind in kinds}:
        raise RequestError(
            "--task reconstruction is for tables and arrays: give images as an array, and a "
            "builder build(hp), whose model takes them as such."
        )
    if len(kinds) > 1:
        first, second = sorted(kind.word for kind in kinds)[:2]
        raise DataError(
            f"Some rows came as {first} and others as {second}: give all of them in one form."
        )
    kind = kinds.pop()
    for note in [one.missed(main.main, request) for one in all_kinds() if one is not kind]:
        if note:
            say(note)
    dataset = _numbered(kind.combine(request, parts, main, say), main)
    digest.update(dataset.fingerprint.encode())  # of what the sources name, such as files
    dataset = replace(dataset, fingerprint=digest.hexdigest())
    if dataset.weight is None or dataset.weight_name is not None:
        return dataset
    digest.update(dataset.weight.tobytes())  # weights in memory are no part of the sources
    return replace(dataset, fingerprint=digest.hexdigest())


def _numbered(dataset: Dataset, main: Loaded) -> Dataset:
    """The rows with their numbers in the table that was divided into parts, if one was."""
    numbers = dataset.row.copy()
    for part, own in enumerate(main.numbers):
        if len(own):
            numbers[dataset.part == part] = own[dataset.row[dataset.part == part] - 1]
    return replace(dataset, row=numbers)


def _given(request: DataRequest, part: str, main: Loaded, say: Say) -> Loaded | None:
    """Rows given for validation or test, by the request or by the source itself."""
    asked = getattr(request, part)
    own = getattr(main, part)
    if asked is not None and not isinstance(asked, int | float):
        images, alone = main.images, request.reconstructs
        return load(asked, request.names, say, request.separator, images, alone)
    return None if own is None else Loaded(own)
