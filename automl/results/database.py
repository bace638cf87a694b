"""A study in a database: opened to be driven, or to be read only; its errors as sentences."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from automl.errors import RequestError, RunError
from automl.results.database_lock import database_lock
from automl.results.storage_url import is_sqlite, parsed, sqlite_file, url_with_password

if TYPE_CHECKING:
    import optuna

_WAIT_SECONDS = 60
#: Where a driver's package has another name than the driver.
_PACKAGES = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "mysqldb": "mysqlclient",
    "mysqlconnector": "mysql-connector-python",
    "mariadbconnector": "mariadb",
}
#: By driver, what keeps a server from asking it for files of this machine.
_NO_LOCAL_FILES = {"mysqlconnector": {"allow_local_infile": False}}


def open_storage(
    url: str, *, read_only: bool = False, say: Callable[[str], None] | None = None
) -> optuna.storages.BaseStorage:
    """Opens a database as Optuna's storage.

    Args:
        url: Its URL, checked; see `automl.results.storage_url.storage_url`.
        read_only: Whether nothing is made or changed: no file, no table.
        say: Told what a person should know while it is used, as that its server is away.

    Raises:
        RequestError: Its driver is not installed, or cannot use what the URL says.
        RunError: It is to be read and is not there.
        Exception: What Optuna, SQLAlchemy and the database's driver raise; see
            `database_errors_explained`.
    """
    import optuna

    _check_driver(url)
    whole = _to_read(url) if read_only else url_with_password(url)
    # Optuna fills a template of its own into braces.
    template = whole.replace("{", "{{").replace("}", "}}")
    try:
        return optuna.storages.get_storage(_opened(url, template, read_only, say))
    except (ValueError, AttributeError) as error:  # of a driver that is given what it cannot use
        raise RequestError(
            f"The database {url} cannot be opened by what its URL says ({driver_message(error)}); "
            "mend the host, the options or the path in it."
        ) from error


def _opened(
    url: str, template: str, read_only: bool, say: Callable[[str], None] | None
) -> optuna.storages.RDBStorage:
    from optuna.storages import RDBStorage

    if read_only:
        return RDBStorage(template, engine_kwargs=_options(url), skip_table_creation=True)
    with database_lock(url, "tables"):  # of two that make them at once, one would fail
        return _driven(url, template, say)


def _check_driver(url: str) -> None:
    """Checks that Python has what talks to a kind of database.

    Raises:
        RequestError: It has not.
    """
    dialect = parsed(url).get_dialect()
    try:
        dialect.import_dbapi()
    except ImportError as error:
        package = _PACKAGES.get(dialect.driver, dialect.driver)
        raise RequestError(
            f"The database {url} needs the driver {dialect.driver}, which is not installed here "
            f"({error}); install it with `pip install {shlex.quote(package)}`."
        ) from error


def _driven(
    url: str, template: str, say: Callable[[str], None] | None
) -> optuna.storages.RDBStorage:
    """The storage of a driver, which makes the tables where there are none."""
    if is_sqlite(url):
        from optuna.storages import RDBStorage

        return RDBStorage(template, engine_kwargs=_options(url))
    from automl.results.patient_storage import PatientStorage

    return PatientStorage(template, say=say, engine_kwargs=_options(url))


def _options(url: str) -> dict[str, Any] | None:
    kind, _, driver = parsed(url).drivername.partition("+")
    if kind == "sqlite":
        # SQLite lets one write at a time; the others wait their turn rather than fail.
        return {"connect_args": {"timeout": _WAIT_SECONDS}}
    if kind in ("mysql", "mariadb"):
        return {"connect_args": _NO_LOCAL_FILES.get(driver, {"local_infile": False})}
    return None


def _to_read(url: str) -> str:
    """The URL by which a database is read and nothing of it made or changed."""
    if not is_sqlite(url):
        return url_with_password(url)
    file = sqlite_file(url)
    if not file.is_file():
        raise RunError(f"There is no database {file}; restore it, or leave --storage out.")
    # The one place where SQLite's own form of a URI is used (sqlite.org/uri.html).
    uri = parsed(url).set(database=f"file:{quote(str(file))}", query={})
    return uri.update_query_dict({"mode": "ro", "uri": "true"}).render_as_string()


@contextmanager
def database_errors_explained(url: str) -> Iterator[None]:
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
        raise RunError(
            f"The database {url} fails ({driver_message(error)}); mend it, "
            "then go on with `automl resume`."
        ) from error


def driver_message(error: Exception) -> str:
    """The first line of what a database's driver said, which Optuna and SQLAlchemy wrap."""
    from sqlalchemy.exc import SQLAlchemyError

    cause = error.__cause__ if isinstance(error.__cause__, SQLAlchemyError) else error
    told = str(getattr(cause, "orig", None) or cause).strip().splitlines()
    return told[0] if told else type(cause).__name__
