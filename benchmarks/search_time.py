"""Where the time of a search under ``--time`` goes, by the share of it that one trial may take.

    python -m benchmarks.search_time housing letter --time 90 --seeds 1 2
    python -m benchmarks.search_time /data/bank.csv:y --shares 0.25 0.125 --time 90

A search a line, each in a process of its own and left to its defaults but for `TRIAL_SHARE`
(`automl.tuning.budget`): its trials and what they came to, the share of all worker seconds that
the longest one took, the best validation score and the trial that reached it.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.results.time_spent import time_spent
from benchmarks.catalogue import ROOT
from benchmarks.machine import load, machine, version_line, versions
from benchmarks.results_file import markdown_table, write_section
from benchmarks.rows import DEFAULT_DATA
from benchmarks.work_folder import make_work_folder

#: Of well-known tables that are not at hand: rows, columns, columns that tell something, classes.
#: Without a file of that name one of the same size is made (`sklearn.datasets`).
MADE = {
    "letter": (20_000, 16, 12, 26),
    "magic": (19_020, 10, 8, 2),
    "bank": (45_211, 16, 8, 2),
}
#: The targets of files by these names.
TARGETS = {"housing": "median_house_value", "letter": "class", "magic": "class", "bank": "class"}
BUNDLED = ("iris", "digits", "wine", "breast_cancer", "diabetes")
HEADER = (
    *("data", "seed", "share", "trials", "completed", "pruned", "failed", "baselines"),
    *("longest", "best", "by trial"),
)


@dataclass(frozen=True)
class Source:
    """Rows to search on.

    Attributes:
        name: What the table calls them.
        arguments: How `automl search` is told of them.
        made: Of rows that are made up, what `make_table` is told; else None.
    """

    name: str
    arguments: tuple[str, ...]
    made: tuple[int, int, int, int] | None = None


def find_source(given: str, data: Path, work: Path) -> Source:
    """The rows that a word of the command line names.

    Args:
        given: A known name, or ``FILE:TARGET``.
        data: Folder of files ``NAME.csv``.
        work: Folder for what is made; it is made later.

    Raises:
        FileNotFoundError: There is none.
    """
    path, _, target = given.rpartition(":")
    if path:
        if not Path(path).is_file():
            raise FileNotFoundError(f"There is no file {path}.")
        return Source(Path(path).stem, (path, "--target", target))
    if given in BUNDLED:
        return Source(given, (given,))
    path = str(data / f"{given}.csv")
    if given in TARGETS and Path(path).is_file():
        return Source(given, (path, "--target", TARGETS[given]))
    if given in MADE:
        made = str(work / f"{given}.csv")
        return Source(f"like {given}", (made, "--target", "class"), MADE[given])
    raise FileNotFoundError(
        f"There are no rows {given!r}; give FILE:TARGET, a name with a file in {data} "
        f"({', '.join(TARGETS)}), or one of {', '.join((*BUNDLED, *MADE))}."
    )


def make_table(path: Path, rows: int, columns: int, telling: int, classes: int) -> None:
    """Writes a table of numbers with clusters of classes in it."""
    import pandas as pd
    from sklearn.datasets import make_classification

    x, y = make_classification(
        rows,
        columns,
        n_informative=telling,
        n_redundant=(columns - telling) // 2,
        n_classes=classes,
        n_clusters_per_class=2,
        flip_y=0.05,
        random_state=0,
    )
    table = pd.DataFrame(x, columns=[f"x{number}" for number in range(columns)]).round(5)
    table["class"] = [f"c{label}" for label in y]
    table.to_csv(path, index=False)


def search(source: Source, seconds: float, seed: int, share: float, run: Path) -> None:
    """Runs one search in a process of its own, in which one trial may take so large a share.

    One in which no trial was complete in time has its row, too.

    Raises:
        subprocess.CalledProcessError: There is no run.
    """
    program = (
        "import sys; from automl.tuning import budget; from automl.__main__ import main; "
        f"budget.TRIAL_SHARE = {share!r}; sys.exit(main())"
    )
    words = [*source.arguments, "--time", f"{seconds:g}s", "--seed", str(seed)]
    command = [sys.executable, "-P", "-c", program, "search", *words, "--directory", str(run)]
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    if not run.is_dir():
        done.check_returncode()


def row(source: Source, seed: int, share: float, run: Path) -> list[str]:
    """What a run came to, as cells of the table."""
    record = read_record(RunDirectory.open(run))
    spent = {one.what: one for one in time_spent(record)}
    total = sum(one.seconds for one in spent.values())
    longest = max(spent.values(), key=lambda one: one.longest_seconds)
    ranked = [line for line in leaderboard(record) if isinstance(line.trial, int)]
    best = next((line for line in ranked if line.score is not None), None)
    trials = sum(one.trials for one in spent.values()) - spent["baselines"].trials
    return [
        *(source.name, str(seed), str(Fraction(share).limit_denominator(100)), str(trials)),
        *(f"{one.trials}, {one.seconds:.1f} s" for one in spent.values()),
        f"{longest.longest_seconds / total:.0%}" if total else "",
        "" if best is None else f"{best.score:.4g}",
        "" if best is None else str(best.trial),
    ]


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search_time", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("data", nargs="+", metavar="DATA", help="a name, or FILE:TARGET")
    parser.add_argument("--time", type=float, default=90.0, help="seconds of a search (90)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="(1 2)")
    parser.add_argument(
        "--shares",
        type=lambda text: float(Fraction(text)),
        nargs="+",
        default=[1 / 4, 1 / 8, 1 / 16],
        help="largest shares of one trial, such as 1/8 or 0.125 (1/4 1/8 1/16)",
    )
    parser.add_argument("--folder", type=Path, default=DEFAULT_DATA, help="folder of the files")
    parser.add_argument("--output", type=Path, help="file that the table is also put into")
    parser.add_argument("--work", type=Path, help="folder for what is written on the way")
    asked = parser.parse_args(arguments)
    if asked.time <= 0 or min(asked.shares) <= 0:
        parser.error("--time and --shares must be above zero")
    try:
        for given in asked.data:
            find_source(given, asked.folder, Path())
    except FileNotFoundError as error:
        parser.error(f"{str(error)[:1].lower()}{str(error)[1:]}")
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Searches on each of the rows with each seed, every time with all shares in turn."""
    asked = options(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    work, busy, rows = make_work_folder(asked.work, "search-time-"), load(), []
    try:
        sources = [find_source(given, asked.folder, work) for given in asked.data]
        for source in sources:
            if source.made is not None:
                make_table(Path(source.arguments[0]), *source.made)
            for seed in asked.seeds:
                for share in asked.shares:
                    run = work / "run"
                    search(source, asked.time, seed, share, run)
                    rows.append(row(source, seed, share, run))
                    print("  ".join(rows[-1]), flush=True)
                    shutil.rmtree(run)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    text = _section(shlex.join(["python", "-m", "benchmarks.search_time", *words]), busy, rows)
    print(f"\n{text}")
    if asked.output is not None:
        write_section(asked.output, "search time", text)


def _section(command: str, busy: float, rows: Sequence[Sequence[str]]) -> str:
    return (
        f"## Where the time of a search goes\n\n`{command}`, {date.today()}, load before: "
        f"{busy:.1f}; {machine()}; {version_line(versions())}.\n\n"
        "Worker seconds of completed, pruned and failed trials and of baselines; the longest "
        "trial's share of them all.\n\n" + markdown_table(HEADER, rows)
    )


if __name__ == "__main__":
    main()
