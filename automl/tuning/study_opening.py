"""Opening a run's study: in its own journal, or in a database that a person has named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from automl.errors import AutoMLError, RequestError, RunError

if TYPE_CHECKING:
    import optuna

    from automl.results.run_directory import RunDirectory


def open_study(
    run: RunDirectory,
    manifest: Mapping[str, Any],
    sampler: optuna.samplers.BaseSampler | None,
    say: Callable[[str], None] | None = None,
) -> optuna.Study:
    """Opens the run's study, or makes it where it does not exist yet.

    Args:
        run: The run's directory, locked by this process.
        manifest: The content of ``run.json``.
        sampler: What proposes configurations; None where nothing will be asked.
        say: Told what a person should know while the study is used.

    Returns:
        The study, in the run's journal or in the database that the run names.

    Raises:
        RunError: The study cannot be opened.
    """
    import optuna

    from automl.results.database import open_storage
    from automl.results.journal import JournalFile
    from automl.tuning.storage import RunStorage

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = manifest.get("storage")
    if not url and not run.study_file.exists() and any(run.trials.glob("*")):
        raise RunError(
            f"{run.study_file} is not there, though trials of the run are: restore it from a copy, "
            "or start a new search in another directory."
        )
    try:
        storage = open_storage(url, say=say) if url else RunStorage(JournalFile(run.study_file))
        return optuna.create_study(
            storage=storage,
            study_name=manifest["study"],
            direction=manifest["objective"]["direction"],
            sampler=sampler,
            pruner=optuna.pruners.NopPruner(),  # the driver asks its own pruner
            load_if_exists=True,
        )
    except Exception as error:  # Optuna, SQLAlchemy and the system raise unrelated kinds
        if isinstance(error, AutoMLError):
            raise
        mend = "check that the database can be reached" if url else "restore the file from a copy"
        raise RunError(
            f"The study of {run.path} cannot be opened in {url or run.study_file} "
            f"({_first_line(error)}); {mend}, then go on with `automl resume`."
        ) from error


def check_storage(url: str) -> None:
    """Opens a database once, before a run is made that would need it.

    Args:
        url: Its URL, as SQLAlchemy takes it.

    Raises:
        RequestError: It cannot be opened.
    """
    from automl.results.database import open_storage

    try:
        open_storage(url)
    except AutoMLError as error:
        raise RequestError(str(error)) from error
    except Exception as error:  # Optuna, SQLAlchemy and the driver raise unrelated kinds
        raise RequestError(
            f"The database --storage {url} cannot be opened ({_first_line(error)}); give a URL "
            "such as sqlite:///studies.db or postgresql://user@host/name, or leave --storage out."
        ) from error


def _first_line(error: Exception) -> str:
    """The kind of another library's error and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
