"""--json: one object on standard output and nothing else, of errors too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from automl.cli.main import main
from tests.cli.console import automl


def object_of(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_search_ends_with_its_object(tmp_path: Path) -> None:
    search = ["search", "iris", "--trials", "1", "--epochs", "1", "--workers", "1"]
    done = automl(*search, "--space", "linear", "-d", "mine", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["run"] == str(tmp_path / "mine")
    assert found["bundle"] == str(tmp_path / "mine" / "best")
    assert (found["stopped_by"], found["trials"]["completed"]) == ("trials", 1)
    assert found["best"]["trial"] == 0
    assert any(note.startswith("rows: ") for note in found["notes"])
    assert "[1/1] trial 0 completed" in done.stderr


def test_commands_that_read_print_an_object(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = object_of(capsys, "leaderboard", str(run))
    assert {row["trial"] for row in rows} >= {0, 1, 2, "majority", "linear"}
    short = object_of(capsys, "show", str(run))
    assert (short["trials"]["total"], short["trials"]["completed"]) == (3, 3)
    trial = object_of(capsys, "show", str(run), "best")
    assert trial == short["best"] == next(row for row in rows if row["rank"] == trial["rank"])
    assert "mlp" in [space["name"] for space in object_of(capsys, "spaces")]
    assert object_of(capsys, "spaces", "show", "mlp")["name"] == "mlp"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["leaderboard", "nowhere"], "There is no run"),
        (["show", "nowhere"], "There is no run"),
        (["search", "nowhere.csv"], "nowhere.csv"),
        (["search", "iris", "--trails", "3"], "(Possible options: --trials)"),
        (["predict", "nowhere", "rows.csv"], "--output"),
    ],
)
def test_an_error_is_an_object_and_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--json"]) == 2
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["exit_code"] == 2
    assert said in found["error"]
    assert captured.err == f"automl: {found['error']}\n"


def test_an_unknown_option_gets_a_hint_only_where_one_is_near(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["search", "iris", "--lable", "x"]) == 2
    assert "Possible" not in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["search"], ["spaces"], ["spaces", "show"], ["predict"]])
def test_h_is_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "-h"]) == 0
    assert "Usage" in capsys.readouterr().out
