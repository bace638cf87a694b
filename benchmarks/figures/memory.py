"""Resident memory of the driver and its workers over a long search of digits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from typing_extensions import override

from automl.trial import TrialResult
from automl.tuning.observer import Observer
from benchmarks.catalogue import ROOT, WORKLOADS
from benchmarks.figures.options import Figure, Options
from benchmarks.rows import read_rows, write_rows

#: Trials between two samples, and after which the first one counts.
EVERY = 50
HEADER = (
    "after trial", "driver", "a worker (mean)", "largest worker", "driver, unshared",
    "largest worker, unshared", "workers replaced so far",
)  # fmt: skip
_MIB = 2**20
Memory = tuple[int, int]
"""Bytes resident, and bytes of them that no other process shares."""


def measure(asked: Options) -> Figure:
    """Runs the search in a process of its own and compares its samples."""
    rows = write_rows("digits", asked.data, asked.work)
    samples_file = asked.work / "memory.jsonl"
    every = min(EVERY, max(1, asked.memory_trials // 2))
    epochs = 1 if asked.shortened else WORKLOADS["digits"].epochs
    subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.figures.memory",
            json.dumps(
                {
                    "rows": str(rows),
                    "trials": asked.memory_trials,
                    "epochs": epochs,
                    "every": every,
                    "directory": str(asked.work / "memory-run"),
                    "samples": str(samples_file),
                }
            ),
        ],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    samples = [json.loads(line) for line in samples_file.read_text().splitlines()]
    return Figure(
        f"Memory over {asked.memory_trials} trials of digits",
        "MiB just after a trial has ended: resident, and of it what no other process shares "
        "(workers are forked from a server that has TensorFlow imported). Workers are the same "
        "processes throughout unless the last column says otherwise.",
        HEADER,
        memory_rows(samples),
    )


def memory_rows(samples: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The samples, and by how much the last differs from the first."""
    first_pids = set(samples[0]["workers"])
    seen = set(first_pids)
    cells, values = [], []
    for sample in samples:
        resident, unshared = zip(*sample["workers"].values(), strict=True)
        seen |= set(sample["workers"])
        driver = sample["driver"]
        mean = sum(resident) / len(resident)
        value = [driver[0], mean, max(resident), driver[1], max(unshared)]
        values.append(value)
        replaced = len(seen) - len(first_pids)
        cells.append([str(sample["trial"]), *(f"{v / _MIB:.1f}" for v in value), str(replaced)])
    growth = [last / first - 1 for first, last in zip(values[0], values[-1], strict=True)]
    return [*cells, ["last against first", *(f"{share:+.1%}" for share in growth), ""]]


class _Sampler(Observer):
    """Samples the memory of this process and of its workers, every so many trials."""

    def __init__(self, every: int, samples: Path) -> None:
        self._every = every
        self._samples = samples
        self._ended = 0

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        if isinstance(trial, str):
            return
        self._ended += 1
        if self._ended % self._every == 0:
            sample = {"trial": self._ended, "driver": own_memory(), "workers": workers_memory()}
            with self._samples.open("a", encoding="utf-8") as file:
                file.write(json.dumps(sample) + "\n")


def own_memory() -> Memory:
    """What this process holds."""
    return _memory(psutil.Process())


def workers_memory() -> dict[str, Memory]:
    """What each worker holds, by process id.

    Workers are the descendants that have no children themselves: the server that they are forked
    from has them for children.
    """
    found = {}
    for process in psutil.Process().children(recursive=True):
        try:
            if not process.children():
                found[str(process.pid)] = _memory(process)
        except psutil.Error:  # it ended meanwhile
            continue
    return found


def _memory(process: psutil.Process) -> Memory:
    full = process.memory_full_info()
    return int(full.rss), int(full.uss)


def main() -> None:
    """The process that is watched."""
    import automl

    asked = json.loads(sys.argv[1])
    workload = WORKLOADS["digits"]
    rows = read_rows(asked["rows"])
    automl.search(
        (rows["x_train"], rows["y_train"]),
        space=workload.space,
        validation=(rows["x_val"], rows["y_val"]),
        test=0.0,
        trials=asked["trials"],
        epochs=asked["epochs"],
        patience=workload.patience,
        sampler="random",
        pruner="none",
        seed=1,
        directory=asked["directory"],
        observer=_Sampler(asked["every"], Path(asked["samples"])),
    )


if __name__ == "__main__":
    main()
