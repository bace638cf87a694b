"""A real `automl search` in a process and session of its own: watched, struck, resumed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.common.forms import to_form
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from tests.cli.console import environment

#: Seconds after which a test gives up waiting; on an idle machine nothing takes a tenth of it.
PATIENCE = 600.0
#: Options of a search that ends with its trials: what follows takes longer than they do, and where
#: it is struck is a matter of the slow tests.
PLAIN = ("--finalists", "0", "--no-ensemble", "--no-temperature")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    printed: str
    complaint: str

    def is_one_sentence(self) -> bool:
        """Whether it complained once, in the package's own words."""
        return self.complaint.startswith("automl: ") and self.complaint.count("\n") == 1


class Driver:
    """A command that runs; leaving it ends it with all that it has started.

    Args:
        folder: Its working directory.
        arguments: What is typed after ``automl``.
        extra: Further environment variables.
    """

    def __init__(
        self, folder: Path, *arguments: str, extra: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        self._said = Path(tempfile.mkdtemp())  # apart: the folder's disk may be full
        self._out, self._err = self._said / "out", self._said / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "automl", *arguments],
                cwd=folder,
                env={**environment(), **(extra or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                **options,
            )

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._said)

    @property
    def printed(self) -> str:
        return self._out.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], Any], pause: float = 0.005) -> bool:
        """Waits until something is so; False where the command has ended before."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if self.process.poll() is not None:
                return bool(condition())
            assert time.monotonic() < deadline, self.printed + self._err.read_text()
            time.sleep(pause)
        return True

    def press_ctrl_c(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def workers(self) -> list[int]:
        """The processes that train: the children of the fork server."""
        return [worker for child in children_of(self.process.pid) for worker in children_of(child)]

    def kill(self) -> None:
        """SIGKILL, after which no process that it has started may live on."""
        left = descendants_of(self.process.pid) if self.process.poll() is None else []
        self.process.kill()
        self.process.wait()
        deadline = time.monotonic() + PATIENCE
        while left := [pid for pid in left if is_alive(pid)]:
            assert time.monotonic() < deadline, f"a killed driver left processes behind: {left}"
            time.sleep(0.02)

    def end(self) -> Ended:
        """Waits for its own end."""
        self.process.wait(timeout=PATIENCE)
        return Ended(self.process.returncode, self.printed, self._err.read_text(errors="replace"))


def automl(folder: Path, *arguments: str, extra: Mapping[str, str] | None = None) -> Ended:
    """Runs a command to its end."""
    with Driver(folder, *arguments, extra=extra) as driver:
        return driver.end()


def succeed(folder: Path, *arguments: str, extra: Mapping[str, str] | None = None) -> Ended:
    """Runs a command that has to work."""
    ended = automl(folder, *arguments, extra=extra)
    assert ended.code == 0, ended
    return ended


def go_on(run: Path, search: list[str]) -> list[str]:
    """The command that takes a run up again, or starts it where there is none yet."""
    if (run / "run.json").exists():
        return ["resume", run.name]
    return [*search, "--directory", run.name]


def board(run: Path, storage: str | None = None) -> list[dict[str, Any]]:
    """A run's leaderboard, but for the seconds, which differ every time."""
    record = read_record(RunDirectory.open(run), storage=storage)
    rows = [to_form(row) for row in leaderboard(record)]
    for row in rows:
        del row["seconds"]
    return rows


def lines_of(run: Path) -> int:
    """How many lines the study holds: a clock that ticks with what the search does."""
    study = run / "study.log"
    return study.read_bytes().count(b"\n") if study.exists() else 0


def logged(run: Path) -> str:
    """What the run's log file says so far."""
    log = run / "search.log"
    return log.read_text(errors="replace") if log.exists() else ""


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
    return found


def descendants_of(pid: int) -> list[int]:
    """The same, and those that they have started."""
    return [p for child in children_of(pid) for p in (child, *descendants_of(child))]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet collected does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"
