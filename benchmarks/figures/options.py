"""What a figure may be told, and what it gives."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.catalogue import ROOT
from benchmarks.results_file import markdown_table


@dataclass(frozen=True)
class Options:
    """Sizes of the measurements, and where they are made.

    Attributes:
        data: Folder of the data.
        work: Folder for what is written on the way.
        repeats: How often what is short is measured; medians are given.
        memory_trials: Trials of the search whose memory is watched.
        sizes: Numbers of trials at which the driver and the leaderboard are measured.
        workloads: Workloads whose stages are measured.
        shortened: Whether the workloads run with two trials of one epoch, to try the commands.
    """

    data: Path
    work: Path
    repeats: int
    memory_trials: int
    sizes: tuple[int, ...]
    workloads: tuple[str, ...]
    shortened: bool = False


@dataclass(frozen=True)
class Figure:
    """One measured table.

    Attributes:
        title: Its heading.
        about: What was measured, and how, in a sentence or two.
        header: Heads of the columns.
        rows: The cells.
    """

    title: str
    about: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table below what it says of itself."""
        return f"{self.about}\n\n{markdown_table(self.header, self.rows)}"


def timed_command(command: Sequence[str], repeats: int) -> tuple[float, float]:
    """Runs a command several times.

    Returns:
        Seconds of wall clock and of processor time, the medians.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    walls, processors = [], []
    for _ in range(repeats):
        before, started = _children_seconds(), time.monotonic()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env={**os.environ})
        walls.append(time.monotonic() - started)
        processors.append(_children_seconds() - before)
    return median(walls), median(processors)


def _children_seconds() -> float:
    """Processor seconds of all children that have ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
