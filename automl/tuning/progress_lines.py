"""What a search tells on its way, as plain lines: on the screen and in the run's log file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self, TextIO

from typing_extensions import override

from automl.common.neutral import printable
from automl.common.root import Root
from automl.common.shell import shown_path
from automl.errors import AutoMLError
from automl.results.board_columns import number
from automl.results.run_directory import RunDirectory
from automl.trial import TrialResult, TrialState
from automl.tuning.observer import RaceProgress, SearchProgress
from automl.tuning.running_trials import RunningTrials
from automl.vocabulary.directions import better_word

#: Running trials that a line on where a search stands names.
MOST_RUNNING = 3


class PlainLines(RunningTrials):
    """One line for whatever a person should be told, one for each trial that has ended.

    Trials that take long have lines on what they do, ever fewer of them.

    Args:
        write: Takes one line, without its line end.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write
        # Ended trials wait for the next report of progress, which knows the best so far.
        self._ended: list[tuple[int | str, TrialResult]] = []
        self._over_limits: list[tuple[int | str, TrialResult]] = []

    @override
    def note(self, message: str) -> None:
        self._write(message)

    @override
    def run_opened(self, path: Path) -> None:
        for line in describe_run(path):
            self._write(line)

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        super().trial_ended(trial, result)
        if result.is_over_limit:  # there may be many, and none counts
            self._over_limits.append((trial, result))
        else:
            self._ended.append((trial, result))

    @override
    def progressed(self, progress: SearchProgress) -> None:
        ended, self._ended = self._ended, []
        done = progress.done - sum(isinstance(trial, int) for trial, _ in ended)
        for trial, result in ended:
            done += isinstance(trial, int)
            self._tell_over_limits()
            self._write(trial_line(trial, result, progress, done))
        self._write_running(progress.objective)

    @override
    def race_progressed(self, progress: RaceProgress) -> None:
        ended, self._ended = self._ended, []
        for done, (trial, result) in enumerate(ended, start=progress.done - len(ended) + 1):
            self._write(scoring_line(str(trial), result, progress, done))
        self._write_running(progress.objective)

    def _write_running(self, objective: str) -> None:
        for line in self.lines(objective):
            self._write(line)

    def _tell_over_limits(self) -> None:
        """One line on the configurations over a limit since the last trial that was trained."""
        if self._over_limits:
            trial, result = self._over_limits[-1]
            count = len(self._over_limits)
            these = "configuration" if count == 1 else f"{count} configurations, at last"
            self._write(f"not trained: {these} {trial} ({result.reason})")
            self._over_limits.clear()

    @override
    def finishing(self, message: str) -> None:
        super().finishing(message)
        self._tell_over_limits()
        self._write(message)


class LogFile:
    """The run's ``search.log``: lines with the time, kept back until the run has a directory.

    A line that finds no room is lost: what a search needs is in its study, which says so where
    that cannot be written.
    """

    def __init__(self) -> None:
        self._early: list[str] = []
        self._file: IO[bytes] | None = None

    def open(self, path: Path) -> None:
        """Begins to write to a file, after what is there already."""
        with suppress(OSError):
            # Unbuffered: there is nothing that closing would write again.
            self._file = Root(path.parent).open(path, "ab", buffering=0)
        early, self._early = self._early, []
        self._append("".join(early))

    def write(self, line: str) -> None:
        """Writes a line with the time, to the second."""
        told = f"{datetime.now():%Y-%m-%d %H:%M:%S} {printable(line)}\n"
        if self._file is None:
            self._early.append(told)
        else:
            self._append(told)

    def _append(self, text: str) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.write(text.encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Closes the file; a run that never got a directory leaves none."""
        if self._file is not None:
            self._file.close()


class LoggedLines(PlainLines):
    """The plain lines in the run's log file.

    Attributes:
        run: The run's directory, once there is one.
    """

    def __init__(self) -> None:
        self.run: Path | None = None
        self._log = LogFile()
        super().__init__(self._log.write)

    @override
    def run_opened(self, path: Path) -> None:
        self.run = path
        self._log.open(RunDirectory(path).log_file)
        super().run_opened(path)

    def __enter__(self) -> Self:
        """Begins to keep lines for a run that has no directory yet."""
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Says what ended the search, if it was not its own end, and closes the file."""
        if isinstance(error, AutoMLError):
            self._log.write(f"stopped: {error}")
        elif error is not None:
            self._log.write(f"stopped: {type(error).__name__} {error}".rstrip())
        self._log.close()


class PrintedLines(PlainLines):
    """The plain lines on a stream, for as long as it takes them.

    A reader that goes away, or a full disk, is no reason to lose hours of training.

    Args:
        stream: Where to print; None for standard output.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._is_taken = True
        super().__init__(self._print)

    def _print(self, line: str) -> None:
        if self._is_taken:
            try:
                print(printable(line), file=self._stream, flush=True)
            except UnicodeEncodeError:
                print(ascii(line)[1:-1], file=self._stream, flush=True)
            except (OSError, ValueError):  # ValueError: the stream was closed
                self._is_taken = False


class PacedLines(PrintedLines):
    """Notes and stages as they come, and every now and then where the search stands.

    Args:
        stream: Where to print; None for standard output.
        period: Seconds between two lines on where it stands.
    """

    def __init__(self, stream: TextIO | None = None, period: float = 10.0) -> None:
        super().__init__(stream)
        self._period = period
        self._told_at = time.monotonic()
        self._latest: SearchProgress | RaceProgress | None = None

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        self._running.pop(trial, None)

    @override
    def progressed(self, progress: SearchProgress) -> None:
        self._take(progress)

    @override
    def race_progressed(self, progress: RaceProgress) -> None:
        self._take(progress)

    def _take(self, progress: SearchProgress | RaceProgress) -> None:
        self._latest = progress
        if time.monotonic() >= self._told_at + self._period:
            self._tell()

    @override
    def finishing(self, message: str) -> None:
        self._tell()
        super().finishing(message)

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        if self._latest is not None:
            running = self.describe(self._latest.objective, most=MOST_RUNNING, since=self._period)
            self._write(", ".join(filter(None, [_progress_text(self._latest), running])))
            self._latest = None


def progress_line(progress: SearchProgress) -> str:
    """One line on where a search stands."""
    total = "" if progress.total is None else f"/{progress.total}"
    done = f"{progress.done}{total} trials"
    elapsed = f"{shown_duration(progress.elapsed)} elapsed"
    return ", ".join([done, *counts(progress), *best_so_far(progress), elapsed])


def _progress_text(progress: SearchProgress | RaceProgress) -> str:
    return race_line(progress) if isinstance(progress, RaceProgress) else progress_line(progress)


def race_line(progress: RaceProgress) -> str:
    """One line on where the training of finalists stands."""
    parts = [f"finalists: {progress.done} of at most {progress.most} trainings"]
    if progress.best is not None and progress.score is not None:
        mean = f" (mean of {progress.scorings})" if progress.scorings > 1 else ""
        best = f"best {progress.objective} {number(progress.score)}{mean}"
        parts.append(f"{best} (trial {progress.best})")
    return ", ".join([*parts, f"{shown_duration(progress.elapsed)} elapsed"])


def counts(progress: SearchProgress) -> list[str]:
    """How many trials run, and how many have come to nothing."""
    ends = {
        "pruned": progress.pruned,
        "failed": progress.failed,
        "over a limit": progress.over_limits,
    }
    told = (f"{count} {word}" for word, count in ends.items() if count)
    return [f"{progress.running} running", *told]


def best_so_far(progress: SearchProgress) -> list[str]:
    """The best score and its trial, where there is one."""
    return [
        f"best {progress.objective} {number(score)} (trial {trial})"
        for trial, score, _ in progress.top[:1]
    ]


def describe_run(path: Path) -> list[str]:
    """What is searched and how, in two lines, from the run's record.

    Args:
        path: The run's directory.
    """
    manifest = RunDirectory(path).read_manifest()
    asked = manifest["request"]
    objective = manifest["objective"]
    better = better_word(objective["direction"])
    hyperparameters = {part["name"] for part in manifest["space"]["definition"]["hyperparameters"]}
    return [
        f"run: {shown_path(path)}, ranked by {objective['name']} on the validation rows "
        f"({better} is better)",
        f"search: space {asked['space']} ({len(hyperparameters)} hyperparameters), sampler "
        f"{asked['sampler']}, pruner {asked['pruner']}, {_limits(asked)}, seed {manifest['seed']}",
    ]


def _limits(asked: Mapping[str, Any]) -> str:
    limits = []
    if asked["budget"]["trials"] is not None:
        limits.append(f"{asked['budget']['trials']} trials")
    if asked["budget"]["seconds"] is not None:
        limits.append(f"{shown_duration(asked['budget']['seconds'])}")
    return " or ".join(limits) + f" of up to {asked['trial_budget']['epochs']} epochs"


def trial_line(trial: int | str, result: TrialResult, progress: SearchProgress, done: int) -> str:
    """One line on a trial or baseline that has ended.

    Args:
        trial: Its number or name.
        result: How it ended.
        progress: Where the search stands since.
        done: How many trials were over with this one.
    """
    total = "" if progress.total is None else f"/{progress.total}"
    name = f"baseline {trial}" if isinstance(trial, str) else f"[{done}{total}] trial {trial}"
    rank = ""
    if progress.top and isinstance(trial, int):
        best, score, _ = progress.top[0]
        rank = "the best so far" if best == trial else f"best {number(score)} (trial {best})"
    return _ended_line(name, result, progress.objective, rank)


def scoring_line(name: str, result: TrialResult, progress: RaceProgress, done: int) -> str:
    """One line on a training of a finalist that has ended.

    Args:
        name: The training's, as a trial of its own.
        result: How it ended.
        progress: Where the race stands since.
        done: How many trainings were over with this one.
    """
    count = f"[{done}/{progress.most}] "
    return _ended_line(count + name.replace("_", " "), result, progress.objective)


def _ended_line(name: str, result: TrialResult, objective: str, rank: str = "") -> str:
    parts = []
    if result.score is not None:
        parts.append(f"{objective} {number(result.score)}")
    if rank:
        parts.append(rank)
    if result.epochs:
        parts.append(f"{result.epochs} epoch{'' if result.epochs == 1 else 's'}")
    parts.append(f"{result.seconds:.1f} s")
    if result.state is TrialState.FAILED:
        parts.append(failure(result))
    elif result.verdict is not None:
        parts.append(str(result.verdict))
    return f"{name} {result.state}: {', '.join(parts)}"


def failure(result: TrialResult) -> str:
    """Why a trial failed, on one line: its cause and its reason, where they are two things."""
    reason = " ".join(result.reason.split())
    cause = str(result.cause or "")
    return ": ".join(dict.fromkeys(part for part in (cause, reason) if part))


def shown_duration(seconds: float) -> str:
    """Seconds as ``0:07``, ``12:30`` or ``1:02:30``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
