"""How long a person waits before anything happens."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from automl.common.machine import usable_cores
from benchmarks.catalogue import WORKLOADS
from benchmarks.figures.options import Figure, Options, timed_command
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import Record
from benchmarks.peers.runner import Runner
from benchmarks.rows import write_rows


def measure(asked: Options) -> Figure:
    """Measures commands, and searches of the digits workload with the default workers."""
    rows = write_rows("digits", asked.data, asked.work)
    workload = WORKLOADS["digits"]
    assignment = Assignment(
        tool="automl",
        name="digits",
        rows_file=str(rows),
        directory=str(asked.work / "startup"),
        trials=2 if asked.shortened else workload.trials,
        epochs=1 if asked.shortened else workload.epochs,
        patience=workload.patience,
        seed=1,
    )
    runner = Runner(asked.work, {"automl": Path(sys.executable)}, limit=3600)
    runner.warm_up()
    automl = [sys.executable, "-m", "automl"]
    assignments = [
        replace(assignment, directory=f"{assignment.directory}-{number}")
        for number in range(asked.repeats)
    ]
    records = [runner.run(each, index, keep=True) for index, each in enumerate(assignments)]
    broken = next((record.reason for record in records if record.reason), "")
    if broken:
        raise RuntimeError(f"The search of the digits workload was not done: {broken}")
    board = ["leaderboard", str(assignments[0].folder / "run")]
    cells = [
        ["`automl --help`", *_seconds(timed_command([*automl, "--help"], asked.repeats))],
        ["`automl spaces`", *_seconds(timed_command([*automl, "spaces"], asked.repeats))],
        [
            f"`automl leaderboard`, {assignment.trials} trials",
            *_seconds(timed_command([*automl, *board], asked.repeats)),
        ],
        ["a search: until the first worker has its first trial", *_moments(records, first_start)],
        ["until the first trial is done", *_moments(records, first_end)],
        [f"until the last of {assignment.trials} is", *_moments(records, last_end)],
        ["until the command is back, its model exported", *_moments(records, whole)],
    ]
    for each in assignments:
        shutil.rmtree(each.folder)
    return Figure(
        "Start-up",
        f"Median of {asked.repeats}; searches of digits, {usable_cores()} workers, from the start "
        "of the process.",
        ("what", "wall clock, s", "processor, s"),
        cells,
    )


def first_start(record: Record) -> float:
    """When the first worker began its first trial: it is up, and its data mapped."""
    return min(trial.at - float(trial.more["seconds"]) for trial in record.trials)


def first_end(record: Record) -> float:
    """When the first trial was over."""
    return min(trial.at for trial in record.trials)


def last_end(record: Record) -> float:
    """When the last trial was over and the workers ended."""
    assert record.seconds is not None
    return record.seconds


def whole(record: Record) -> float:
    """When the process had ended."""
    return record.whole


def _moments(records: Sequence[Record], moment: Callable[[Record], float]) -> list[str]:
    return [f"{median(moment(record) for record in records):.2f}", ""]


def _seconds(measured: tuple[float, float]) -> list[str]:
    return [f"{seconds:.2f}" for seconds in measured]
