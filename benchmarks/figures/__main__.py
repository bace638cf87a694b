"""Figures of this project alone: `python -m benchmarks.figures [NAME ...]`."""

from __future__ import annotations

import argparse
import importlib
import shlex
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.catalogue import SHARED_WORKLOADS
from benchmarks.figures.options import Figure, Options
from benchmarks.machine import load, machine, version_line, versions
from benchmarks.results_file import DEFAULT_OUTPUT, write_section
from benchmarks.rows import DEFAULT_DATA, check_files, files_of
from benchmarks.work_folder import make_work_folder

FIGURES = ("startup", "stages", "memory", "recycling", "driver", "leaderboard", "wide")


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(FIGURES)} (all)")
    parser.add_argument("--repeats", type=int, default=5, help="of what is short (5)")
    parser.add_argument("--memory-trials", type=int, default=500, help="of memory (500)")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=(100, 1_000, 10_000),
        help="trials at which driver and leaderboard are measured (100 1000 10000)",
    )
    parser.add_argument(
        "--workloads",
        nargs="+",
        choices=SHARED_WORKLOADS,
        default=tuple(SHARED_WORKLOADS),
        help="of stages",
    )
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the data")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="file of the tables")
    parser.add_argument("--work", type=Path, help="folder for what is written on the way")
    parser.add_argument(
        "--shortened", action="store_true", help="two trials of one epoch, to try the commands"
    )
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - set(FIGURES)
    if unknown:
        parser.error(f"no figure {', '.join(sorted(unknown))}; choose from {', '.join(FIGURES)}")
    if min(asked.repeats, *asked.sizes) < 1 or asked.memory_trials < 2:
        parser.error("--repeats and --sizes must be at least 1, --memory-trials at least 2")
    if "stages" in (asked.names or FIGURES):
        check_files(parser, asked.data, files_of(asked.workloads))
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what was asked, one figure after another, and writes each as soon as it is there."""
    asked = options(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "-m", "benchmarks.figures", *words])
    work = make_work_folder(asked.work, "figures-")
    told = Options(
        data=asked.data,
        work=work,
        repeats=asked.repeats,
        memory_trials=asked.memory_trials,
        sizes=tuple(asked.sizes),
        workloads=tuple(asked.workloads),
        shortened=asked.shortened,
    )
    try:
        for name in asked.names or FIGURES:
            busy = load()
            figure: Figure = importlib.import_module(f"benchmarks.figures.{name}").measure(told)
            section = _section(figure, command, busy, asked.shortened)
            print(f"\n{section}\n", flush=True)
            write_section(asked.output, f"figure {name}", section)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _section(figure: Figure, command: str, busy: float, shortened: bool) -> str:
    """The figure with its heading and all that it takes to judge it."""
    return "\n\n".join(
        [
            f"## {figure.title}",
            f"`{command}`, {date.today().isoformat()}"
            + (" (**shortened**: to try the benchmark, not to quote)" if shortened else ""),
            figure.markdown(),
            f"Machine: {machine()}; load before it {busy:.1f}. "
            f"Versions: {version_line(versions())}.",
        ]
    )


if __name__ == "__main__":
    main()
