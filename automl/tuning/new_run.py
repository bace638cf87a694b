"""The directory of a new run: found, made, locked and filled, or nothing of it left behind."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.tuning.stored_rows import write_rows

if TYPE_CHECKING:
    from automl.data.prepare import PreparedData


def free_directory(path: Path) -> Path:
    """Refuses a directory that is in use, before the data are read."""
    RunDirectory.check_free(path)
    return path


def create_run(directory: Path | None, name: str, manifest: Mapping[str, Any]) -> RunDirectory:
    """The run's directory as asked, or ``results/<name>`` with the first free number behind it."""
    if directory is not None:
        return RunDirectory.create(directory, manifest)
    number = 1
    while True:
        candidate = Path("results") / (name if number == 1 else f"{name}-{number}")
        if not candidate.exists():
            try:
                return RunDirectory.create(candidate, manifest)
            except RequestError:
                if not candidate.exists():
                    raise
        number += 1  # it was there, or another search has just taken it


def locked_with_rows(run: RunDirectory, data: PreparedData) -> ExitStack:
    """Locks a new run and writes its rows, or leaves nothing of it.

    Returns:
        What frees the lock.
    """
    with ExitStack() as stack:
        stack.enter_context(run.lock())
        try:
            write_rows(run, data)
        except BaseException as error:
            stack.close()
            run.discard()
            if not isinstance(error, OSError):
                raise
            raise RunError(
                f"The prepared rows cannot be written to {run.path} ({error.strerror or error}); "
                "make room or choose another --directory."
            ) from error
        return stack.pop_all()
