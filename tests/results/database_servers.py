"""Database servers for the tests, each in a temporary folder and ended with them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool


class Server(ABC):
    """A server, started.

    Args:
        programs: The folder of its programs.

    Attributes:
        driver: The module by which Python talks to it.
        url: Its database for the tests.
        waiting: Asks whether somebody waits for a lock.
        idle: Asks whether a session idles in a transaction.
    """

    driver: ClassVar[str]
    waiting: ClassVar[str]
    idle: ClassVar[str]

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="db-"))  # its sockets need a short path
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # They refuse to run as root.
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self._folder, self._user, -1)
        self._make()
        self.start()

    @staticmethod
    @abstractmethod
    def programs() -> Path | None:
        """The folder of its programs, or None where it is not installed."""

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def _make(self) -> None: ...

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def cut(self) -> None:
        """Ends all connections but its own."""

    def restart(self) -> None:
        self.stop()
        self.start()

    def answers(self, question: str) -> bool:
        """Whether a query has rows."""
        with create_engine(self.url, poolclass=NullPool).connect() as connection:
            return bool(connection.execute(text(question)).all())

    def _run(self, program: str, *arguments: str) -> None:
        self._start(program, *arguments).wait(120)

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._programs / program), *arguments],
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)


class PostgreSQL(Server):
    """A PostgreSQL."""

    driver = "psycopg"
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    idle = "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"

    @staticmethod
    def programs() -> Path | None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return found[-1].parent if found else None

    @property
    def url(self) -> str:
        return f"postgresql://me@127.0.0.1:{self.port}/postgres"

    def _make(self) -> None:
        self._run("initdb", "-D", "data", "-U", "me", "--auth=trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-w", "-o", options, "-l", "log", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-m", "fast", "stop")

    def cut(self) -> None:
        self.answers(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'me' AND pid <> pg_backend_pid()"
        )


class MariaDB(Server):
    """A MariaDB, which speaks as MySQL does."""

    driver = "pymysql"
    waiting = "SELECT 1 FROM information_schema.processlist WHERE state = 'User lock'"
    idle = "SELECT 1 FROM information_schema.innodb_trx"

    @staticmethod
    def programs() -> Path | None:
        found = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        return (
            None if found is None or not shutil.which("mariadb-install-db") else Path(found).parent
        )

    @property
    def url(self) -> str:
        return f"mysql+pymysql://me@127.0.0.1:{self.port}/studies"

    def _make(self) -> None:
        install = shutil.which("mariadb-install-db") or ""
        method = "--auth-root-authentication-method=normal"
        self._run(
            install, "--no-defaults", f"--datadir={self._folder / 'data'}", method, "--skip-test-db"
        )
        (self._folder / "first.sql").write_text(
            "CREATE DATABASE IF NOT EXISTS studies;\n"
            "CREATE USER IF NOT EXISTS me@'127.0.0.1';\n"
            "GRANT ALL ON *.* TO me@'127.0.0.1';\n"
        )

    def start(self) -> None:
        self._process = self._start(
            "mariadbd",
            "--no-defaults",
            f"--datadir={self._folder / 'data'}",
            f"--socket={self._folder / 'socket'}",
            f"--pid-file={self._folder / 'pid'}",
            f"--init-file={self._folder / 'first.sql'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=0",
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.answers("SELECT 1")
                return
            except OperationalError:
                assert time.monotonic() < deadline
                assert self._process.poll() is None, "it does not start"
                time.sleep(0.1)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(120)

    def cut(self) -> None:
        engine = create_engine(self.url, poolclass=NullPool)
        others = "SELECT id FROM information_schema.processlist WHERE id <> connection_id()"
        with engine.connect() as connection:
            for number in connection.execute(text(f"{others} AND user = 'me'")).scalars().all():
                connection.execute(text(f"KILL {number}"))
