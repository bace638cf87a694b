"""The URL of a study's database: which there may be, and that reading opens only what was named.

A URL may come from a stranger's ``run.json``. A driver that is handed its options could be told to
read local files (``local_infile``, ``read_default_file``, ``passfile``, ``service``, key files), to
run statements (``init_command``, ``options``) or to connect elsewhere (``host``), and SQLAlchemy to
load a plug-in (``plugin``). So there is a list of the drivers and options that are passed on, and
every other one is refused, whoever gave it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from automl.errors import RequestError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

#: Environment variable with the password of the database. A command line can be read by every
#: user of the machine, and ``run.json`` by whoever gets the run, so neither holds one.
PASSWORD = "AUTOML_STORAGE_PASSWORD"

_LIBPQ = frozenset((
    "sslmode", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version",
    "channel_binding", "gssencmode", "connect_timeout", "tcp_user_timeout", "keepalives",
    "keepalives_idle", "keepalives_interval", "keepalives_count", "client_encoding",
    "application_name",
))  # fmt: skip
_PYMYSQL = frozenset((
    "charset", "connect_timeout", "read_timeout", "write_timeout", "ssl_disabled",
    "ssl_verify_cert", "ssl_verify_identity",
))  # fmt: skip
_MYSQLDB = frozenset(
    ["charset", "use_unicode", "connect_timeout", "read_timeout", "write_timeout", "ssl_mode"]
)
_CONNECTOR = frozenset((
    "charset", "collation", "use_unicode", "connection_timeout", "ssl_disabled",
    "ssl_verify_cert", "ssl_verify_identity", "tls_versions",
))  # fmt: skip
_MYSQL = {
    "": _MYSQLDB,
    "mysqldb": _MYSQLDB,
    "pymysql": _PYMYSQL,
    "mysqlconnector": _CONNECTOR,
}
#: By database and driver ("" is SQLAlchemy's own choice), the options that a URL may have: of
#: transport security, character sets and timeouts. (PostgreSQL's: libpq, section 34.1.2;
#: MySQL's: the drivers' ``connect``.)
DRIVERS = {
    "sqlite": {"": frozenset({"timeout"}), "pysqlite": frozenset({"timeout"})},
    "postgresql": {
        "": _LIBPQ,
        "psycopg": _LIBPQ,
        "psycopg2": _LIBPQ,
        "pg8000": frozenset({"client_encoding", "application_name", "timeout"}),
    },
    "mysql": _MYSQL,
    "mariadb": {
        **_MYSQL,
        "mariadbconnector": frozenset({"connect_timeout", "read_timeout", "write_timeout"}),
    },
}
#: Where a server on this machine listens: a folder (PostgreSQL) or a file (MySQL), no host's name.
_SOCKETS = {"postgresql": "host", "mysql": "unix_socket", "mariadb": "unix_socket"}
_SECRETS = ("password", "passwd", "sslpassword")


def storage_url(given: str) -> str:
    """Checks a database's URL and makes it independent of the working directory.

    Args:
        given: What was given as ``--storage``, or is recorded in a run.

    Returns:
        The URL as it is recorded.

    Raises:
        RequestError: It is none, holds a password, is of a kind that cannot be used, or has an
            option that is not passed on.
    """
    url = parsed(given)
    if url.password is not None or any(key in url.query for key in _SECRETS):
        raise RequestError(
            "The URL of --storage holds a password, which others could read in the list of "
            f"processes and in run.json; leave it out and set the environment variable {PASSWORD}."
        )
    kind, _, driver = url.drivername.partition("+")
    if kind not in DRIVERS:
        raise RequestError(
            f"--storage {given} is a database of kind {kind}; give one of {', '.join(DRIVERS)}."
        )
    if driver not in DRIVERS[kind]:
        known = ", ".join(name for name in DRIVERS[kind] if name)
        raise RequestError(f"--storage {given} names the driver {driver}; give one of {known}.")
    _check_options(url, given, kind, DRIVERS[kind][driver])
    if kind != "sqlite":
        return given
    if not url.database or url.database == ":memory:":
        raise RequestError(
            f"--storage {given} is a database in memory, which would be gone with the search; "
            "give a file, such as sqlite:///studies.db."
        )
    if url.host:
        raise RequestError(
            f"--storage {given} names a host, and SQLite has none; write three slashes before the "
            "path of its file, as in sqlite:///studies.db."
        )
    if url.database.startswith("file:"):
        raise RequestError(
            f"--storage {given} is a file in the form of a URI; give its path, such as "
            "sqlite:///studies.db."
        )
    return url.set(database=str(Path(url.database).absolute())).render_as_string()


def _check_options(url: URL, given: str, kind: str, allowed: frozenset[str]) -> None:
    for option, value in url.query.items():
        is_socket = option == _SOCKETS.get(kind) and isinstance(value, str)
        if option in allowed or (is_socket and not url.host and str(value).startswith("/")):
            continue
        raise RequestError(
            f"--storage {given} has the option {option}, which is not passed on to a database's "
            f"driver; leave it out (there may be {', '.join(sorted(allowed))}), and set what is "
            "this machine's own, such as keys, where the driver itself looks for it."
        )


def named_storage(recorded: str, named: str) -> str:
    """The database that a run records, once a person has named the same.

    Only then is it opened, and the password sent to it: a run may come from a stranger.

    Args:
        recorded: What ``run.json`` says.
        named: What was given as ``--storage`` in this call.

    Returns:
        The URL.

    Raises:
        RequestError: They differ in the host, the port, the database, the user or anything else.
    """
    if storage_url(recorded) != storage_url(named):
        raise RequestError(
            f"The run records the study's database {recorded}, and --storage names {named}; they "
            "must be the same, so that no password goes where you did not say."
        )
    return storage_url(named)


def parsed(given: str) -> URL:
    """The parts of a database's URL; no driver is loaded.

    Raises:
        RequestError: It is none.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(given)
    except (ArgumentError, ValueError) as error:
        raise RequestError(
            "The --storage given is not a database's URL; write it like sqlite:///studies.db or "
            "postgresql://user@host/name."
        ) from error


def is_sqlite(url: str) -> bool:
    """Whether a URL names an SQLite file."""
    return parsed(url).get_backend_name() == "sqlite"


def sqlite_file(url: str) -> Path:
    """The file of an SQLite database."""
    return Path(parsed(url).database or "")


def url_with_password(given: str) -> str:
    """The URL with the password from the environment, where there is one and a user to have it.

    Without, the database's own driver may know it (``PGPASSWORD``, ``~/.pgpass``).
    """
    url, password = parsed(given), os.environ.get(PASSWORD)
    if not password or url.username is None or url.password is not None:
        return given
    return url.set(password=password).render_as_string(hide_password=False)
