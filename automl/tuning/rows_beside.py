"""A run's prepared rows for who only reads: those in the run, or made again in another place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from automl.data.request import STANDARD_INPUT
from automl.errors import RunError
from automl.results.run_directory import RunDirectory
from automl.tuning.manifest import recorded_request
from automl.tuning.stored_rows import prepared_again, rows_again, rows_are_whole, write_arrays


@contextmanager
def rows_beside(
    run: RunDirectory,
    manifest: Mapping[str, Any],
    source: Any = None,
    trial: int | str | None = None,
) -> Iterator[Path]:
    """A context in which the folder of a run's prepared rows can be opened.

    A search that is done has removed them where its data can be read again. Then they are prepared
    in a temporary folder, and must be what they were; the run itself is not written to.

    Args:
        run: The run.
        manifest: The content of ``run.json``.
        source: The data, where they were given in memory and their prepared form is gone.
        trial: The trial whose rows they are, where each has a division of its own; None for those
            of the first division.

    Yields:
        The folder of all views (`automl.data.arrays.open_arrays`, `automl.data.stored.open_view`).

    Raises:
        DataError: The data cannot be read any more.
        RunError: They have changed since the run began, or are prepared in another way.
    """
    from automl.data.arrays import save_arrays

    request = recorded_request(run, manifest)
    if source is not None:
        request = replace(request, data=request.data.with_data(source))
    own = trial if request.data.is_reshuffled and isinstance(trial, int) else None
    if own is None and rows_are_whole(run, request):
        yield run.arrays
        return
    if source is None and STANDARD_INPUT in (str(request.data.source), str(request.data.test)):
        raise RunError(
            f"The prepared rows of {run.path} are gone, and its data came from standard input; "
            "search again with a file."
        )
    with tempfile.TemporaryDirectory(prefix="automl-rows-") as place:
        folder = Path(place) / "arrays"
        if own is not None:
            save_arrays(rows_again(run, request.data).of(own)[0], folder)
        else:
            write_arrays(prepared_again(run, request, manifest, source), folder)
        yield folder
