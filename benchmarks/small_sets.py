"""Whole searches on small sets, over folds and with one division of the rows.

    python -m benchmarks.small_sets --records /tmp/small.jsonl --output benchmarks/RESULTS.md

Where `benchmarks.folds` counts trainings and leaves pruning out, these are the searches that a
person starts: `automl search` with its defaults, once with ``--cv none`` and once with ``--cv 5``,
one after the other. Looked at are the test loss of the model that each exports, against that of the
linear baseline too, and the processor seconds.
"""

from __future__ import annotations

import math
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from benchmarks.catalogue import ROOT
from benchmarks.folds import sources
from benchmarks.machine import machine, version_line, versions
from benchmarks.recorded import measure_missing, recorded_parser
from benchmarks.results_file import markdown_table, put_section
from benchmarks.rows import DEFAULT_DATA, check_files
from benchmarks.work_folder import make_work_folder

WAYS = ("none", "5")
#: Files, their targets, and whether they have a header.
FILES = {"housing.csv": ("median_house_value", True), "adult-train.csv": ("column 14", False)}
#: How many of their rows a search gets; others test.
SIZES = (300, 800, 1_800)
MOST_TEST_ROWS = 5_000


@dataclass(frozen=True)
class Searched:
    """What one search came to.

    Attributes:
        name: The set.
        rows: Rows that are not test rows.
        seed: Seed of rows and search.
        cv: The way.
        validation: Validation loss of the exported model.
        test: Its test loss.
        linear: That of the linear baseline, or None.
        seconds: Processor seconds of the search, with all its processes.
        trials: How many trials there were.
    """

    name: str
    rows: int
    seed: int
    cv: str
    validation: float
    test: float
    linear: float | None
    seconds: float
    trials: int


def tables(seed: int, data: Path, work: Path) -> Iterator[tuple[str, int, list[str]]]:
    """Names, numbers of rows, and what tells `automl search` of them."""
    import pandas as pd

    for name, rows, test in sources(seed):
        path = work / "rows.npz"
        np.savez(path, x=rows[0], y=rows[1], x_test=test[0], y_test=test[1])
        yield name, len(rows[1]), [str(path)]
    for file, (target, has_header) in FILES.items():
        if not (data / file).is_file():  # none of its sets is asked for
            continue
        whole = pd.read_csv(data / file, header=0 if has_header else None, skipinitialspace=True)
        if not has_header:
            whole.columns = pd.Index([f"column {number}" for number in whole])
        whole = whole.sample(frac=1, random_state=seed)
        for name, size in zip(_names(file), SIZES, strict=True):
            parts = {"rows": whole[:size], "test": whole[size : size + MOST_TEST_ROWS]}
            for part, table in parts.items():
                table.to_csv(work / f"{part}.csv", index=False)
            given = [str(work / "rows.csv"), "--test", str(work / "test.csv"), "--target", target]
            yield name, size, given


def _names(file: str) -> list[str]:
    """What the sets of a file are called, in the order of their sizes."""
    return [f"{Path(file).stem} {size}" for size in SIZES]


def search(name: str, rows: int, given: Sequence[str], seed: int, cv: str, run: Path) -> Searched:
    """Runs one search in a process of its own.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    words = [*given, "--seed", str(seed), "--cv", cv, "--quiet", "--directory", str(run)]
    command = [sys.executable, "-P", "-m", "automl", "search", *words]
    before = os.times()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    record = read_record(RunDirectory.open(run))
    best = next(row for row in leaderboard(record) if isinstance(row.trial, int))
    losses = {key: scores[record.objective] for key, scores in record.test_scores.items()}
    assert best.score is not None
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    return Searched(
        name, rows, seed, cv, best.score, losses[best.trial], losses.get("linear"), spent,
        len(record.trials),
    )  # fmt: skip


def section(found: Sequence[Searched], command: str) -> str:
    """The section of RESULTS.md."""
    pairs = _pairs(found)
    groups = [("all", pairs)]
    for low, high in ((0, 400), (400, 1_100), (1_100, 2_000)):
        own = [pair for pair in pairs if low < pair[0].rows <= high]
        if own:
            groups.append((f"{own[0][0].rows:,} to {max(p[0].rows for p in own):,} rows", own))
    header = (
        "searches", "pairs", "test loss, folds / one division", "folds better",
        "better than linear: one division", "folds", "processor seconds, folds / one division",
    )  # fmt: skip
    each = [
        (
            f"{one.name}, seed {one.seed}",
            f"{one.rows:,}",
            f"{one.test:.4g}",
            f"{other.test:.4g}",
            "" if one.linear is None else f"{one.linear:.4g}",
            f"{one.seconds:.0f}",
            f"{other.seconds:.0f}",
        )
        for one, other in pairs
    ]
    return "\n\n".join(
        (
            "## Whole searches on small sets, over folds and with one division",
            f"`{command}`, {date.today()}; {machine()}; {version_line(versions())}.",
            "`automl search` with its defaults, with `--cv 5` and with `--cv none`. The test loss "
            "is that of the exported model (log loss, or mean squared error); its ratio is the "
            "geometric mean, with its standard error as a factor.",
            markdown_table(header, [_line(name, own) for name, own in groups]),
            markdown_table(
                ("search", "rows", "one division", "folds", "linear", "s, one", "s, folds"), each
            ),
        )
    )


def _pairs(found: Sequence[Searched]) -> list[tuple[Searched, Searched]]:
    """One division and folds, of each set and seed that has both."""
    by_key = {(one.name, one.seed, one.cv): one for one in found}
    keys = dict.fromkeys((one.name, one.seed) for one in found)
    pairs = [tuple(by_key.get((*key, cv)) for cv in WAYS) for key in keys]
    both: Any = [pair for pair in pairs if None not in pair]
    return sorted(both, key=lambda pair: pair[0].rows)


def _line(name: str, pairs: Sequence[tuple[Searched, Searched]]) -> list[str]:
    logs = np.log([other.test / one.test for one, other in pairs])
    error = logs.std(ddof=1) / math.sqrt(len(logs)) if len(logs) > 1 else math.nan
    beats = [[one.linear is None or one.test < one.linear for one in pair] for pair in pairs]
    seconds = [other.seconds / one.seconds for one, other in pairs]
    return [
        name, str(len(pairs)), f"{math.exp(logs.mean()):.3f} x/÷ {math.exp(error):.3f}",
        f"{(logs < 0).mean():.0%}", *(f"{share:.0%}" for share in np.mean(beats, axis=0)),
        f"{math.exp(np.log(seconds).mean()):.2f}",
    ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Searches what is not yet in the records, and prints the section or writes it."""
    parser = recorded_parser("small_sets", __doc__, 3)
    parser.add_argument("--only", default="", help="sets whose name contains this text")
    parser.add_argument("--folder", type=Path, default=DEFAULT_DATA, help="folder of the files")
    asked = parser.parse_args(arguments)
    files = [name for name in FILES if any(asked.only in one for one in _names(name))]
    check_files(parser, asked.folder, files, "--folder")
    words = sys.argv[1:] if arguments is None else arguments
    work = make_work_folder(None, "small-sets-")

    def pending() -> Iterator[tuple[Hashable, Callable[[], Searched]]]:
        for seed in range(asked.seeds):
            for name, rows, given in tables(seed, asked.folder, work):
                for cv in WAYS if asked.only in name else ():
                    todo = partial(search, name, rows, given, seed, cv, work / "run")
                    yield (name, seed, cv), todo

    def say(one: Searched) -> None:
        shutil.rmtree(work / "run")
        print(one, flush=True)

    def key(one: Searched) -> Hashable:
        return one.name, one.seed, one.cv

    try:
        found = measure_missing(asked.records, Searched, key, pending(), say)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    text = section(found, shlex.join(["python", "-m", "benchmarks.small_sets", *words]))
    put_section(asked.output, "small sets", text)


if __name__ == "__main__":
    main()
