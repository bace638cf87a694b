"""The driver's own time a trial, as the number of trials grows."""

from __future__ import annotations

import shutil

from automl.results.run_directory import RunDirectory
from automl.tuning.samplers import DEFAULT_SAMPLER
from benchmarks.figures.options import Figure, Options
from benchmarks.figures.scripted_run import EPOCHS, SPACE, drive, make_run

MEASURED = 20
STRATEGIES = (
    ("random", "none"),
    (DEFAULT_SAMPLER, "none"),
    (DEFAULT_SAMPLER, "patient"),
    (DEFAULT_SAMPLER, "asha"),
    (DEFAULT_SAMPLER, "median"),
)


def measure(asked: Options) -> Figure:
    """Fills a run by random search, and drives copies of it on with every strategy."""
    run = make_run(asked.work / "driver")
    measured = 2 if asked.shortened else MEASURED
    cells = []
    for size in sorted(asked.sizes):
        drive(run, size)
        for sampler, pruner in STRATEGIES:
            copy = RunDirectory(asked.work / "driver-copy")
            shutil.copytree(run.path, copy.path)
            took = drive(copy, size + measured, sampler, pruner)
            shutil.rmtree(copy.path)
            milliseconds = 1000 * took.driving / took.trials
            cells.append(
                [f"{sampler}, {pruner}", f"{size:,}", f"{milliseconds:.1f}", f"{took.opening:.2f}"]
            )
    shutil.rmtree(run.path)
    strategies = [f"{sampler}, {pruner}" for sampler, pruner in STRATEGIES]
    cells.sort(key=lambda row: strategies.index(row[0]))
    return Figure(
        "The driver's own time",
        f"Processor time of the driver for proposing, recording {EPOCHS} epochs and ending one "
        f"trial of the `{SPACE}` space (trials are scripted: nothing is trained), over the "
        f"{measured} trials that follow so many; and what opening such a run takes.",
        ("sampler, pruner", "trials before", "ms a trial", "opening, s"),
        cells,
    )
