"""A study in a database: its URL, which never holds a password where others can read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.cli.main import main
from automl.errors import RequestError, RunError
from automl.results.database import (
    PASSWORD,
    open_storage,
    storage_url,
    telling_of_the_database,
    url_with_password,
)


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
    ],
)
def test_what_cannot_hold_a_study_is_refused(url: str, word: str) -> None:
    with pytest.raises(RequestError, match=word):
        storage_url(url)


def test_a_database_that_fails_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    url = f"sqlite:///{file}"
    storage = open_storage(url)
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(RunError, match="then go on with") as told, telling_of_the_database(url):
        storage.get_all_studies()
    assert "\n" not in str(told.value)
