"""Standard output that is closed, full or gone, and characters that it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.cli.main import main
from automl.cli.streams import Output
from tests.cli.console import command_line, environment
from tests.faults.rounds import slowly

posix = pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
LEADERBOARD = "automl: {}, so that what was asked for is not shown whole.\n"
SEARCH = ["search", "iris", "--cv", "none", "--space", "linear", "--trials", "1", "--epochs", "1"]
SEARCH += ["--workers", "1", "-d", "mine"]


def shell(line: str, *arguments: str, cwd: Path | None = None, **extra: str) -> Any:
    """Runs a command in a shell that does something to its streams: ``"$@" >&-``."""
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", *command_line(*arguments)],
        cwd=cwd,
        env={**environment(), **extra},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@posix
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('"$@" > /dev/full', "Standard output cannot be written (No space left on device)"),
        ('"$@" >&-', "Standard output is closed"),
        ('"$@" < /dev/null 0<&- >&-', "Standard output is closed"),
    ],
)
def test_a_command_that_only_prints_says_that_it_could_not(line: str, why: str, run: Path) -> None:
    done = shell(line, "leaderboard", str(run))
    assert (done.returncode, done.stderr) == (1, LEADERBOARD.format(why))


@posix
def test_a_reader_that_has_read_enough_is_told_nothing(run: Path) -> None:
    done = shell('"$@" | head -1', "leaderboard", str(run), "--format", "csv")
    assert done.stdout.startswith("rank,trial,")
    assert done.stderr == ""


@posix
def test_nothing_at_all_to_write_to(run: Path) -> None:
    done = shell('"$@" >&- 2>&-; echo "code $?"', "leaderboard", str(run))
    assert done.stdout == "code 1\n"
    done = shell('"$@" 2> /dev/full; echo "code $?"', "leaderboard", "nowhere")
    assert done.stdout == "code 2\n"


@posix
@pytest.mark.parametrize("line", ['"$@" > /dev/full', *slowly('"$@" >&-')])
def test_a_search_goes_on(line: str, tmp_path: Path) -> None:
    done = shell(line, *SEARCH, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("automl: Standard output ")
    assert done.stderr.endswith("; the search has gone on, and mine/search.log has what it said.\n")
    assert (tmp_path / "mine" / "best" / "model.keras").exists()
    assert "trial 0 completed" in (tmp_path / "mine" / "search.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes")
@pytest.mark.parametrize("coding", ["ascii", *slowly("utf-8")])
def test_a_name_that_is_no_text_is_printed(coding: str, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    (tmp_path / name).write_text("a,b\n1,2\n")
    done = shell('"$@"', "search", name, "-t", "c\u00e9", cwd=tmp_path, PYTHONIOENCODING=coding)
    assert done.returncode == 2
    assert done.stderr.startswith("automl: "), done.stderr
    assert "Traceback" not in done.stderr
    done = shell('"$@"', "search", name + "x", cwd=tmp_path, PYTHONIOENCODING=coding, LC_ALL="C")
    assert done.returncode == 2
    assert "There is no file" in done.stderr


class Failing:
    """A stream that takes some characters."""

    def __init__(self, room: int, error: OSError) -> None:
        self.room, self.error, self.written = room, error, ""

    def write(self, text: str) -> int:
        if len(self.written) + len(text) > self.room:
            raise self.error
        self.written += text
        return len(text)

    def flush(self) -> None:
        pass

    def fileno(self) -> int:
        raise OSError("none")


def test_after_a_failure_nothing_more_is_written() -> None:
    stream = Failing(5, OSError(28, "No space left on device"))
    output = Output(stream)  # type: ignore[arg-type]
    for text in ("four", "more", "x"):
        print(text, end="", file=output)
    assert stream.written == "four"
    assert output.failure is stream.error


def test_main_leaves_the_streams_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    assert main(["--version"]) == 0
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out.startswith("automl ")
