"""A study in a database: its URL, never with a password in it, and its errors as sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import RequestError, RunError

if TYPE_CHECKING:
    import optuna
    from sqlalchemy.engine import URL

#: Environment variable with the password of the database. A command line can be read by every
#: user of the machine, and ``run.json`` by whoever gets the run, so neither holds one.
PASSWORD = "AUTOML_STORAGE_PASSWORD"
#: Databases in which drivers can exclude each other; see `automl.tuning.sharing`.
KINDS = ("sqlite", "postgresql", "mysql", "mariadb")
_WAIT_SECONDS = 60
_SECRETS = ("password", "passwd", "sslpassword")


def storage_url(given: str) -> str:
    """Checks a database's URL and makes it independent of the working directory.

    Args:
        given: What was given as ``--storage``.

    Returns:
        The URL as it is recorded.

    Raises:
        RequestError: It is none, holds a password, or is of a kind that cannot be used.
    """
    url = _parsed(given)
    if url.password is not None or any(key in url.query for key in _SECRETS):
        raise RequestError(
            "The URL of --storage holds a password, which others could read in the list of "
            f"processes and in run.json; leave it out and set the environment variable {PASSWORD}."
        )
    kind = url.get_backend_name()
    if kind not in KINDS:
        raise RequestError(
            f"--storage {given} is a database of kind {kind}; give one of {', '.join(KINDS)}."
        )
    if kind != "sqlite":
        return given
    if not url.database or url.database == ":memory:" or "mode=memory" in given:
        raise RequestError(
            f"--storage {given} is a database in memory, which would be gone with the search; "
            "give a file, such as sqlite:///studies.db."
        )
    if url.database.startswith("file:"):
        return given
    return url.set(database=str(Path(url.database).absolute())).render_as_string()


def open_storage(url: str) -> optuna.storages.BaseStorage:
    """Opens a database as Optuna's storage.

    Args:
        url: Its URL; see `storage_url`.

    Raises:
        Exception: What Optuna, SQLAlchemy and the database's driver raise; see
            `telling_of_the_database`.
    """
    import optuna

    # SQLite lets one write at a time; the others wait their turn rather than fail.
    options: Any = {"connect_args": {"timeout": _WAIT_SECONDS}} if is_sqlite(url) else None
    return optuna.storages.get_storage(
        optuna.storages.RDBStorage(url_with_password(url), engine_kwargs=options)
    )


def is_sqlite(url: str) -> bool:
    """Whether a URL names an SQLite file."""
    return _parsed(url).get_backend_name() == "sqlite"


def sqlite_file(url: str) -> Path:
    """The file of an SQLite database."""
    return Path((_parsed(url).database or "").removeprefix("file:").partition("?")[0])


@contextmanager
def telling_of_the_database(url: str) -> Iterator[None]:
    """Turns a database that fails into a sentence with the way out.

    Args:
        url: Its URL.

    Raises:
        RunError: It cannot be reached, or refuses.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (optuna.exceptions.StorageInternalError, SQLAlchemyError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, SQLAlchemyError) else error
        told = str(getattr(cause, "orig", None) or cause).strip().splitlines()
        raise RunError(
            f"The database {url} fails ({told[0] if told else type(cause).__name__}); mend it, "
            "then go on with `automl resume`."
        ) from error


def _parsed(given: str) -> URL:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(given)
    except (ArgumentError, ValueError) as error:
        raise RequestError(
            "The --storage given is not a database's URL; write it like sqlite:///studies.db or "
            "postgresql://user@host/name."
        ) from error


def url_with_password(given: str) -> str:
    """The URL with the password from the environment, where there is one and a user to have it.

    Without, the database's own driver may know it (``PGPASSWORD``, ``~/.pgpass``).
    """
    url, password = _parsed(given), os.environ.get(PASSWORD)
    if not password or url.username is None or url.password is not None:
        return given
    return url.set(password=password).render_as_string(hide_password=False)
