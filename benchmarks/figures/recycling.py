"""What it costs to replace a worker that has grown too large."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from automl.data.arrays import save_arrays
from automl.data.metrics import Objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.engines.contract import Job, SpaceHandle, TrialEnded
from automl.engines.local import LocalEngine
from automl.engines.processes import Processes
from automl.engines.warm_processes import warm_processes
from automl.space.registry import find_space
from automl.trial import TrialBudget, TrialResult, TrialSpec, TrialState
from benchmarks.figures.options import Figure, Options

TRIALS = 10
#: Never and always, as the growth in bytes after which a worker is replaced.
_NEVER, _ALWAYS = 1 << 50, -(1 << 50)


def measure(asked: Options) -> Figure:
    """Runs equal trials in one worker that is kept, and in one that is replaced after each."""
    trials = 4 if asked.shortened else TRIALS
    arrays = save_arrays(prepare(DataRequest("digits")), asked.work / "recycling-arrays")
    processes = warm_processes()
    try:
        kept = _intervals(processes, arrays, asked.work / "kept", _NEVER, trials)
        replaced = _intervals(processes, arrays, asked.work / "replaced", _ALWAYS, trials)
    finally:
        processes.close()
    rows = [
        ["a worker kept", *_cells(kept)],
        ["a worker replaced after every trial", *_cells(replaced)],
        [
            "a replacement costs",
            f"{median(each for each, _ in replaced) - median(each for each, _ in kept):.2f}",
            "",
            "",
        ],
    ]
    return Figure(
        "Recycling a worker",
        f"{trials} equal trials of the `mlp` space's defaults on digits, one epoch each, in one "
        "worker; medians from the third trial on. The first trial of a new process is slower by "
        "itself, which is part of the cost.",
        ("", "seconds from a trial's end to the next one's", "of it inside the trial", "lost"),
        rows,
    )


def _intervals(
    processes: Processes, arrays: Path, run: Path, growth: int, trials: int
) -> list[tuple[float, TrialResult]]:
    """Seconds between the ends of trials, with the result of the later one."""
    job = Job(
        {"search": SpaceHandle.of(find_space("mlp"))},
        arrays,
        run,
        Objective("log_loss", "minimize"),
    )
    config = find_space("mlp").defaults().to_json()
    ended: list[tuple[float, TrialResult]] = []
    with LocalEngine(1, processes, memory_growth=growth) as engine:
        engine.open(job)
        for number in range(trials):
            engine.submit(TrialSpec(number, config, seed=1, budget=TrialBudget(1, 1)))
        while len(ended) < trials:
            for event in engine.events(1.0):
                if isinstance(event, TrialEnded):
                    ended.append((time.monotonic(), event.result))
    # The engine learns a worker's size from its first trial; the second one's may be too large.
    return [(after[0] - before[0], after[1]) for before, after in itertools.pairwise(ended[1:])]


def _cells(intervals: Sequence[tuple[float, TrialResult]]) -> list[str]:
    lost = sum(result.state is not TrialState.COMPLETED for _, result in intervals)
    return [
        f"{median(seconds for seconds, _ in intervals):.2f}",
        f"{median(result.seconds for _, result in intervals):.2f}",
        str(lost),
    ]
