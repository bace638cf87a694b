"""A lock on a database: whoever holds it is alone, and it is freed when its holder dies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from automl.errors import RunError
from automl.results.storage_url import is_sqlite, parsed, sqlite_file, url_with_password

#: Seconds that MySQL is asked to wait for a lock at a time.
_MYSQL_WAIT = 60


@contextmanager
def database_lock(
    url: str, purpose: str, say: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Holds a database for one purpose; the others wait.

    Args:
        url: The database.
        purpose: What must not be done by two at once. In an SQLite file there is one lock for all.
        say: Told what a person should know while a server that is away is asked again; None to
            ask it once.

    Raises:
        RunError: It cannot be locked, or is a file in a folder that is not there.
        SQLAlchemyError: Its server cannot be reached.
    """
    if not is_sqlite(url):
        with _server_lock(url, f"automl {purpose}", say):
            yield
        return
    from filelock import FileLock

    file = sqlite_file(url)
    if not file.parent.is_dir():  # which the lock would make
        raise RunError(
            f"The database {file} cannot be made (unable to open its folder, which is not there); "
            "make the folder, or give a file in one that is there."
        )
    try:
        lock = FileLock(file.with_name(f"{file.name}.lock"))
        lock.acquire()
    except OSError as error:
        raise RunError(
            f"The database {file} cannot be locked ({error.strerror or error}); make its folder "
            "writable."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _server_lock(url: str, name: str, say: Callable[[str], None] | None) -> Iterator[None]:
    """A lock of the database server's, held by one connection and freed with it.

    The connection commits by itself: in a transaction it would idle, which servers end
    (``idle_in_transaction_session_timeout``) and which keeps them from tidying up.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    engine = create_engine(url_with_password(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    take = _take_postgresql if parsed(url).get_backend_name() == "postgresql" else _take_mysql

    def taken() -> tuple[Any, tuple[str, dict[str, Any]]]:
        connection = engine.connect()
        try:
            return connection, take(connection, name)
        except BaseException:
            connection.close()
            raise

    if say is None:
        connection, free = taken()
    else:
        from automl.results.patient_storage import patiently

        connection, free = patiently(taken, taken, engine.dispose, say)
    try:
        yield
    finally:
        # With a connection that was cut, the lock has gone already.
        with suppress(SQLAlchemyError):
            _ask(connection, *free)
        with suppress(SQLAlchemyError):
            connection.close()


def _take_postgresql(connection: Any, name: str) -> tuple[str, dict[str, Any]]:
    """Takes a lock of the session's; how it is freed."""
    digest = hashlib.sha256(name.encode()).digest()
    key = {"key": int.from_bytes(digest[:8], "big", signed=True)}
    _ask(connection, "SELECT pg_advisory_lock(:key)", key)
    return "SELECT pg_advisory_unlock(:key)", key


def _take_mysql(connection: Any, name: str) -> tuple[str, dict[str, Any]]:
    """Takes a named lock; how it is freed."""
    key = {"key": hashlib.sha256(name.encode()).hexdigest()[:32]}  # 64 letters are its most
    while True:
        # 1: it is held; 0: it was not to be had in time; NULL: an error.
        answer = _ask(connection, f"SELECT GET_LOCK(:key, {_MYSQL_WAIT})", key)
        if answer == 1:
            return "SELECT RELEASE_LOCK(:key)", key
        if answer != 0:
            raise RunError(
                f"The database server gives no lock (GET_LOCK answers {answer}); see its log, then "
                "go on with `automl resume`."
            )


def _ask(connection: Any, statement: str, values: dict[str, Any]) -> Any:
    from sqlalchemy import text

    return connection.execute(text(statement), values).scalar()
