"""A study in a database: its URL, which never holds a password where others can read it."""

from __future__ import annotations

import sys
from pathlib import Path

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.engine import URL

from automl.cli.main import main
from automl.errors import RequestError, RunError
from automl.results.database import database_errors_explained, open_storage
from automl.results.storage_url import PASSWORD, named_storage, storage_url, url_with_password


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@host/name",
        "postgresql://host/name?user=me&password=hush",
        "mysql+pymysql://me:hush@host/name",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(RequestError, match=PASSWORD) as refused:
        storage_url(url)
    assert "hush" not in str(refused.value)


def test_the_command_refuses_it_before_it_writes_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["search", "iris", "--storage", "postgresql://me:hush@host/name"]) == 2
    said = capsys.readouterr()
    assert "hush" not in said.out + said.err
    assert list(tmp_path.iterdir()) == []


def test_the_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = storage_url("postgresql://me@host/name")
    assert url_with_password(given) == given
    monkeypatch.setenv(PASSWORD, "h@sh/:")
    assert url_with_password(given) == "postgresql://me:h%40sh%2F%3A@host/name"
    assert url_with_password("postgresql:///name") == "postgresql:///name"


def test_an_sqlite_file_is_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage_url("sqlite:///studies.db") == f"sqlite:///{tmp_path}/studies.db"


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("oracle://me@host/name", "oracle"),
        ("nonsense", "sqlite:///studies.db"),
        ("sqlite:///file:studies.db?mode=rwc&uri=true", "option (mode|uri)"),
        ("sqlite:///file:studies.db", "its path"),
        ("sqlite://studies/one.db", "three slashes"),
        ("sqlite+pysqlcipher:///studies.db", "driver pysqlcipher"),
        ("mysql+pyodbc:///?odbc_connect=x", "driver pyodbc"),
        ("mysql+pymysql://me@host/x?local_infile=1", "option local_infile"),
        ("mysql+pymysql://me@host/x?read_default_file=/etc/passwd", "option read_default_file"),
        ("mysql+pymysql://me@host/x?init_command=drop", "option init_command"),
        ("mysql://me@host/x?ssl_key=/home/me/key", "option ssl_key"),
        ("postgresql://me@host/x?host=other", "option host"),
        ("postgresql://me@host/x?host=/var/run/other", "option host"),
        ("postgresql://me@host/x?service=s", "option service"),
        ("postgresql://me@host/x?passfile=/home/me/.pgpass", "option passfile"),
        ("postgresql://me@host/x?options=-csearch_path%3Dy", "option options"),
        ("postgresql+psycopg://me@host/x?sslkey=/home/me/key", "option sslkey"),
        ("postgresql://me@host/x?plugin=evil", "option plugin"),
    ],
)
def test_what_cannot_hold_a_study_is_refused(url: str, word: str) -> None:
    with pytest.raises(RequestError, match=word):
        storage_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me@host:5433/x?sslmode=verify-full&connect_timeout=3",
        "postgresql+psycopg2://me@/x?host=/var/run/postgresql",
        "mysql+pymysql://me@host/x?charset=utf8mb4&read_timeout=30",
        "mariadb+mariadbconnector://me@host/x?connect_timeout=3",
        "mysql+mysqlconnector://me@host/x?ssl_verify_cert=true",
    ],
)
def test_options_of_transport_and_timeouts_are_passed_on(url: str) -> None:
    assert storage_url(url) == url


@pytest.mark.parametrize(
    "named",
    [
        "postgresql://me@other/x",
        "postgresql://me@host:5433/x",
        "postgresql://me@host/y",
        "postgresql://you@host/x",
        "postgresql+psycopg2://me@host/x",
        "postgresql://me@host/x?sslmode=disable",
        "sqlite:////tmp/x.db",
    ],
)
def test_the_database_named_must_be_the_one_recorded(named: str) -> None:
    recorded = "postgresql://me@host/x"
    assert named_storage(recorded, recorded) == recorded
    with pytest.raises(RequestError, match="must be the same"):
        named_storage(recorded, named)


def test_a_database_is_read_without_being_made_or_changed(tmp_path: Path) -> None:
    url = str(URL.create("sqlite", database=str(tmp_path / "studies {x}.db")))
    with pytest.raises(RunError, match="There is no database"):
        open_storage(url, read_only=True)
    assert list(tmp_path.iterdir()) == []
    optuna.create_study(storage=open_storage(url), study_name="one")
    made = tmp_path / "studies {x}.db"
    files, before = set(tmp_path.iterdir()), made.read_bytes()
    storage = open_storage(url, read_only=True)
    assert [study.study_name for study in storage.get_all_studies()] == ["one"]
    with pytest.raises(StorageInternalError):
        optuna.create_study(storage=storage, study_name="two")
    made.write_bytes(b"")  # a database without tables
    with pytest.raises(StorageInternalError):
        open_storage(url, read_only=True)
    assert made.read_bytes() == b"" != before
    assert set(tmp_path.iterdir()) == files


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///{here}/a%00b",
        "sqlite:///{here}/x.db?timeout=soon",
        "mysql+pymysql://me@127.0.0.1:9/x?read_timeout=soon",
        "mysql+pymysql://me@127.0.0.1:9/x?charset=none",
        "mysql+pymysql://me@127.0.0.1:9/x?charset=utf8&charset=utf8",
        f"postgresql+psycopg://me@{'a' * 300}/x",
    ],
)
def test_what_a_driver_cannot_use_is_one_sentence(url: str, tmp_path: Path) -> None:
    url = storage_url(url.format(here=tmp_path))
    for read_only in (False, True)[: 1 if "sqlite" in url else 2]:  # a file is opened otherwise
        with pytest.raises(RequestError, match="by what its URL says") as told:
            open_storage(url, read_only=read_only)
        assert "\n" not in str(told.value)


def test_a_database_that_fails_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    url = f"sqlite:///{file}"
    storage = open_storage(url)
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(RunError, match="then go on with") as told, database_errors_explained(url):
        storage.get_all_studies()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "driver", "package"),
    [
        ("mysql://me@host/name", "mysqldb", "mysqlclient"),
        ("mysql+mysqlconnector://me@host/name", "mysqlconnector", "mysql-connector-python"),
        ("postgresql://me@host/name", "psycopg", "'psycopg[binary]'"),
        ("postgresql+psycopg2://me@host/name", "psycopg2", "psycopg2-binary"),
        ("postgresql+pg8000://me@host/name", "pg8000", "pg8000"),
        ("mariadb+pymysql://me@host/name", "pymysql", "pymysql"),
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_driver_that_is_not_installed_is_named(
    url: str, driver: str, package: str, read_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("MySQLdb", "mysql", "psycopg", "psycopg2", "pg8000", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)  # which makes its import fail
    with pytest.raises(RequestError) as refused:
        open_storage(url, read_only=read_only)
    assert f"needs the driver {driver}, which is not installed" in str(refused.value)
    assert str(refused.value).endswith(f"`pip install {package}`.")
