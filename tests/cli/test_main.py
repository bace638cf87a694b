"""The command as a whole: what it imports, its errors and its exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from automl import __version__
from automl.cli.main import main, make_app
from automl.errors import RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.tuning.foreign_names import ADVICE, OWN_NAMES, own_flag
from tests.cli.console import automl, command_line, environment

HEAVY = ("tensorflow", "keras", "keras_tuner", "optuna", "ray", "sklearn", "pandas", "numpy")


def modules_after(*arguments: str) -> set[str]:
    """What a command has imported of the heavy packages, in a process of its own."""
    code = (
        "import sys; from automl.cli.main import main; code = main(); sys.stdout.flush();"
        f"print('\\n' + ','.join(m for m in {HEAVY!r} if m in sys.modules), end=''); sys.exit(code)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=300
    )
    assert process.returncode == 0, process.stderr
    return set(process.stdout.rpartition("\n")[2].split(",")) - {""}


@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert modules_after(*arguments) == set()


def test_listing_spaces_imports_nothing_heavy() -> None:
    assert modules_after("spaces") == set()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"automl {__version__}\n"


def all_commands() -> list[list[str]]:
    def below(command: object, path: list[str]) -> list[list[str]]:
        inner = getattr(command, "commands", {})
        return [path, *(p for name, sub in inner.items() for p in below(sub, [*path, name]))]

    return below(get_command(make_app()), [])


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_every_command_has_help(path: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path, "--help"]) == 0
    assert "Usage: automl" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sarch", "iris"], ["No such command 'sarch'", "search"]),
        (["search", "iris", "--trails", "3"], ["--trails", "--trials", "automl search --help"]),
        (["spaces", "--output", "x"], ["No such option: --output."]),
        (["search", "iris", "--trials", "many"], ["--trials", "integer"]),
        (["search"], ["DATA"]),
        (["export", "results/nothing"], ["--to"]),
        (["leaderboard", "x", "--format", "html"], ["html", "markdown"]),
    ],
)
def test_usage_errors_are_one_sentence_and_exit_2(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("automl: ")
    for word in words:
        assert word in printed.err


def option(word: str) -> str:
    return f"--{word.replace('_', '-')}"


@pytest.mark.parametrize(("word", "meant"), [(option(w), own_flag(w)) for w in OWN_NAMES])
def test_the_options_of_other_tools_are_translated(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "iris", word, "x"]) == 2
    said = f"No such option: {word} (Possible options: {meant})."
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("word", sorted(ADVICE))
def test_options_without_a_counterpart_are_told_what_to_do(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "iris", option(word), "x"]) == 2
    assert f"There is no option {option(word)}: {ADVICE[word]}." in capsys.readouterr().err


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "leaderboard" in capsys.readouterr().out


@pytest.mark.parametrize("error", [RequestError("Wrong."), RunError("Failed.")])
@pytest.mark.parametrize("debug", [False, True])
def test_errors_of_the_package(
    error: RequestError | RunError,
    debug: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(RunDirectory, "open", fail)
    assert main(["leaderboard", "run", *(["--debug"] if debug else [])]) == error.exit_code
    printed = capsys.readouterr().err
    assert printed.endswith(f"automl: {error}\n")
    assert ("Traceback" in printed) is debug
    assert debug or printed == f"automl: {error}\n"


def test_a_defect_is_called_one_and_leaves_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(RunDirectory, "open", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["leaderboard", "run"]) == 1
    printed = capsys.readouterr().err
    assert "defect of automl" in printed
    assert "ZeroDivisionError: by zero" in printed
    assert printed.count("\n") == 1
    (file,) = tmp_path.iterdir()
    assert str(file) in printed
    assert "Traceback (most recent call last)" in file.read_text()

    assert main(["leaderboard", "run", "--debug"]) == 1
    printed = capsys.readouterr().err
    assert "Traceback (most recent call last)" in printed
    assert printed.splitlines()[-1].startswith("automl: This is a defect")


def test_what_the_system_refuses_is_no_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "results/run")

    monkeypatch.setattr(RunDirectory, "open", fail)
    assert main(["leaderboard", "run"]) == 1
    printed = capsys.readouterr().err
    assert printed == "automl: The system refused: No space left on device (results/run).\n"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("can't start new thread"),
        BlockingIOError(11, "Resource temporarily unavailable"),
    ],
)
def test_too_few_processes_are_no_defect(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("automl.engines.process_output.process_bound", lambda: 40)
    monkeypatch.setattr(RunDirectory, "open", fail)
    assert main(["leaderboard", "run"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("automl: The system refused: ") and "`ulimit -u`" in printed


def test_ctrl_c_exits_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunDirectory, "open", fail)
    assert main(["leaderboard", "run"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no pipes of this kind")
@pytest.mark.parametrize("arguments", [["--help"], ["spaces", "show", "mlp"], ["--version"]])
def test_a_closed_pipe_is_quiet(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        command_line(*arguments),
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=300,
    )
    os.close(writer)
    assert process.stderr == b""
    assert process.returncode == 1


def test_no_such_run_names_the_nearest(run: Path) -> None:
    process = automl("leaderboard", str(run.parent / "rum"))
    assert process.returncode == 2
    assert "There is no run" in process.stderr
    assert str(run) in process.stderr


def test_the_console_command_is_this_one() -> None:
    from importlib.metadata import entry_points

    from automl.__main__ import main as command

    (entry,) = entry_points(group="console_scripts", name="automl")
    assert entry.load() is command


def test_debug_is_an_option_of_every_command() -> None:
    for path in all_commands():
        command: Any = get_command(make_app())
        for name in path:
            command = command.commands[name]
        if not path:
            continue
        context = typer.Context(command)
        assert "--debug" in [option for p in command.get_params(context) for option in p.opts]
