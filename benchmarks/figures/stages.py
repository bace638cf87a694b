"""Where the seconds of a trial go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from automl.common.machine import usable_cores
from benchmarks.catalogue import SHARED_WORKLOADS
from benchmarks.figures.options import Figure, Options
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import Record
from benchmarks.peers.runner import Runner
from benchmarks.rows import write_rows

STAGES = ("build", "trace", "train", "validate", "save")


def measure(asked: Options) -> Figure:
    """Measures one search of every workload, as the comparison with the peers makes it."""
    runner = Runner(asked.work, {"automl": Path(sys.executable)}, limit=3600)
    runner.warm_up()
    cells = []
    for name in asked.workloads:
        workload = SHARED_WORKLOADS[name]
        rows = write_rows(name, asked.data, asked.work)
        record = runner.run(
            Assignment(
                tool="automl",
                name=name,
                rows_file=str(rows),
                directory=str(asked.work / f"stages-{name}"),
                trials=2 if asked.shortened else workload.trials,
                epochs=1 if asked.shortened else workload.epochs,
                patience=workload.patience,
                seed=1,
            ),
            repeat=0,
        )
        rows.unlink()
        cells.append([name, record.reason] if record.reason else [name, *stage_cells(record)])
    return Figure(
        "Seconds of a trial, by stage",
        f"Means over the trials of one search, {usable_cores()} workers at once. *Bookkeeping* is "
        "what a worker spends on a trial outside the other stages; *between trials* is the "
        "workers' time from the first trial's start to the last one's end that no trial accounts "
        "for: waiting for the driver, the linear baseline, and the last trials' unequal ends.",
        ("workload", "trials", *STAGES, "bookkeeping", "whole trial", "between trials"),
        cells,
    )


def stage_cells(record: Record) -> list[str]:
    """Means of the stages over the trials of a search."""
    trials = record.trials
    if not trials:
        return ["0"]
    timings: Sequence[dict[str, float]] = [dict(trial.more["timings"]) for trial in trials]
    means = [sum(each.get(stage, 0.0) for each in timings) / len(trials) for stage in STAGES]
    seconds = [float(trial.more["seconds"]) for trial in trials]
    staged = sum(sum(each.values()) for each in timings) / len(trials)
    whole = sum(seconds) / len(trials)
    begun = min(trial.at - took for trial, took in zip(trials, seconds, strict=True))
    ended = max(trial.at for trial in trials)
    workers = min(usable_cores(), len(trials))
    # Stages with other names count as bookkeeping: nothing is left out of the sum.
    bookkeeping = (
        whole
        - staged
        + sum(value for each in timings for stage, value in each.items() if stage not in STAGES)
        / len(trials)
    )
    between = (workers * (ended - begun) - sum(seconds)) / len(trials)
    return [str(len(trials)), *(f"{v:.3f}" for v in (*means, bookkeeping, whole, between))]
