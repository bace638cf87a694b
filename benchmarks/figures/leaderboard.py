"""How long `automl leaderboard` takes, as the number of trials grows."""

from __future__ import annotations

import shutil
import sys

from benchmarks.figures.options import Figure, Options, timed_command
from benchmarks.figures.scripted_run import EPOCHS, drive, make_run


def measure(asked: Options) -> Figure:
    """Measures the command on runs of every size."""
    run = make_run(asked.work / "leaderboard")
    command = [sys.executable, "-m", "automl", "leaderboard", str(run.path)]
    cells = []
    for size in sorted(asked.sizes):
        drive(run, size)
        wall, processor = timed_command(command, asked.repeats)
        journal = run.study_file.stat().st_size / 2**20
        cells.append([f"{size:,}", f"{wall:.2f}", f"{processor:.2f}", f"{journal:.1f}"])
    shutil.rmtree(run.path)
    return Figure(
        "The leaderboard",
        f"`automl leaderboard RUN`, median of {asked.repeats}, on runs of {EPOCHS} epochs a trial.",
        ("trials", "wall clock, s", "processor, s", "study.log, MiB"),
        cells,
    )
