"""A run whose study is in a database is read from its own files, unless the database is named."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest

from automl.api import load_run
from automl.cli.main import main
from automl.errors import RequestError, RunError
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.recorded_board import record_of_board
from automl.results.run_directory import RunDirectory
from tests.faults.whole_run import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    folder = tmp_path_factory.mktemp("board")
    return make_run(folder / "run", folder / "rows.csv")


def in_database(run: RunDirectory, storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the run say that its study is in a database."""
    manifest = run.read_manifest()
    study = {"storage": storage, "study": "one"}
    monkeypatch.setattr(RunDirectory, "read_manifest", lambda _: {**manifest, **study})


def test_the_board_is_read_back_as_it_was_written(run: RunDirectory) -> None:
    whole = read_record(run)
    board = record_of_board(run, whole.objective, whole.direction)
    (note,) = board.notes
    assert "--storage" in note
    ended = [row for row in leaderboard(whole) if row.state not in ("running", "waiting")]
    again = [row for row in leaderboard(board) if row.state not in ("running", "waiting")]
    assert again == ended


@pytest.mark.parametrize("storage", ["sqlite:////nowhere/new.db", "postgresql://me@10.0.0.1/x"])
@pytest.mark.parametrize("command", [["leaderboard", "-f", "json"], ["show"]])
def test_reading_opens_no_database(
    storage: str,
    command: list[str],
    run: RunDirectory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    in_database(run, storage, monkeypatch)
    monkeypatch.setattr(optuna.storages, "RDBStorage", None)
    assert main([command[0], str(run.path), *command[1:]]) == 0
    said = capsys.readouterr()
    assert "add --storage with its URL" in said.err
    if command[0] == "leaderboard":
        assert json.loads(said.out)


def test_the_database_is_read_where_it_is_named(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    storage = f"sqlite:///{tmp_path}/studies.db"
    in_database(run, storage, monkeypatch)
    with pytest.raises(RunError, match="There is no database"):
        _ = load_run(run.path, storage).record
    assert not list(tmp_path.iterdir())
    optuna.create_study(storage=storage, study_name="one")
    assert load_run(run.path, storage).record.trials == ()
    with pytest.raises(RequestError, match="must be the same"):
        _ = load_run(run.path, f"{storage}x").record


def test_a_run_of_its_own_needs_no_database(run: RunDirectory) -> None:
    with pytest.raises(RequestError, match="leave --storage out"):
        _ = load_run(run.path, "sqlite:////x.db").record


@pytest.mark.parametrize(
    "content", [b"\xff", b"rank,trial\n1,2\n", b"a,b\n1\n", b"trial,state\n0,odd\n"]
)
def test_a_board_that_is_none_is_one_sentence(
    content: bytes, run: RunDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "leaderboard.csv").write_bytes(content)
    with pytest.raises(RunError, match="cannot be read"):
        record_of_board(RunDirectory(tmp_path), "log_loss", "minimize")
