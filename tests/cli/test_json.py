"""--json: one object on standard output and nothing else, of errors too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from automl.cli.main import main, make_app
from tests.cli.console import Finished


def object_of(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_search_ends_with_its_object(tmp_path: Path, inside: Callable[..., Finished]) -> None:
    search = ["search", "iris", "--cv", "none", "--trials", "1", "--epochs", "1", "--workers", "1"]
    done = inside(*search, "--space", "linear", "-d", "mine", "--json", cwd=tmp_path)
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


def commands(group: Any = None, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands of the parser, those without a name of their own (`automl spaces`) too."""
    group = get_command(make_app()) if group is None else group
    if names and (not hasattr(group, "commands") or group.invoke_without_command):
        yield names
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*names, name))


#: What each command needs to tell something; `search` has a test of its own.
CALLS = {
    ("resume",): ["run"],
    ("leaderboard",): ["run"],
    ("show",): ["run"],
    ("importance",): ["run", "--columns", "--repeats", "2"],
    ("compare",): ["run", "other"],
    ("replay",): ["run", "0"],
    ("void",): ["run", "0", "--reason", "twice the same rows"],
    ("export",): ["run", "--to", "model"],
    ("predict",): ["run/best", "rows.csv", "--output", "out.csv"],
    ("evaluate",): ["run/best", "rows.csv"],
    ("spaces",): [],
    ("spaces", "show"): ["linear"],
    ("spaces", "new"): ["mine"],
    ("spaces", "check"): ["linear"],
}


def test_every_command_of_the_parser_is_tried() -> None:
    assert set(commands()) == {("search",), *CALLS}


@pytest.mark.parametrize("command", CALLS, ids=" ".join)
def test_every_command_prints_one_value_and_nothing_else(
    command: tuple[str, ...],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    inside: Callable[..., Finished],
) -> None:
    shutil.copytree(run, tmp_path / "run")
    shutil.copytree(run, tmp_path / "other")
    header = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm),target"
    (tmp_path / "rows.csv").write_text(f"{header}\n5.1,3.5,1.4,0.2,setosa\n6,3,6,2.5,virginica\n")
    monkeypatch.chdir(tmp_path)
    done = inside(*command, *CALLS[command], "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(
        found,
        list if command in (("leaderboard",), ("importance",), ("compare",), ("spaces",)) else dict,
    )
    assert found


def test_a_space_that_was_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert object_of(capsys, "spaces", "new", "mine") == {"space": "mine", "file": "mine.py"}
    assert (tmp_path / "mine.py").is_file()


def test_a_format_beside_json_and_json_before_its_command_are_no_quiet_tables(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = object_of(capsys, "leaderboard", str(run), "--format", "csv", code=2)
    assert "two formats" in found["error"]
    assert main(["spaces", "--json", "show", "mlp"]) == 2
    assert "automl spaces show ... --json" in json.loads(capsys.readouterr().out)["error"]


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


def test_a_command_that_is_stopped_at_once_is_an_object_too(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("automl.results.leaderboard.leaderboard", stop)
    found = object_of(capsys, "leaderboard", str(run), code=130)
    assert found == {"error": "Stopped at once by a signal.", "exit_code": 130}
