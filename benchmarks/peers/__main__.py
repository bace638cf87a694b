"""This project and its peers, side by side: `python -m benchmarks.peers [WORKLOAD ...]`."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from benchmarks.catalogue import GROUPS, WORKLOADS, ImageWorkload, Workload
from benchmarks.machine import load, machine, version_line
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.child import TOOLS, tools_of
from benchmarks.peers.clock import Record
from benchmarks.peers.environment import peers_python
from benchmarks.peers.runner import Runner
from benchmarks.peers.table import OURS, REACH, TUNER, goal_of, workload_table
from benchmarks.results_file import DEFAULT_OUTPUT, write_section
from benchmarks.rows import DEFAULT_DATA, check_files, files_of, write_rows
from benchmarks.work_folder import make_work_folder

PEERS = tuple(tool for tool in TOOLS if tool != OURS)
_NAMES = (*WORKLOADS, *GROUPS)
#: Least seconds that the search for KerasTuner's best score gets.
_LEAST_REACH_SECONDS = 60.0


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"{', '.join(_NAMES)} (all)"
    )
    parser.add_argument("--repeats", type=int, default=3, help="searches of each tool (3)")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, default=PEERS, help="which peers (all)"
    )
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the data")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="file of the tables")
    parser.add_argument("--records", type=Path, help="file to append every search to, as JSON")
    parser.add_argument("--work", type=Path, help="folder for what searches write")
    parser.add_argument("--python", type=Path, help="interpreter that has the peers already")
    parser.add_argument("--limit", type=float, default=3600, help="most seconds of a search")
    parser.add_argument("--trials", type=int, help="fewer trials, to try the benchmark itself")
    parser.add_argument("--epochs", type=int, help="fewer epochs, to try the benchmark itself")
    parser.add_argument(
        "--rows", type=int, help="most rows to train and validate, to try the benchmark itself"
    )
    parser.add_argument("--no-reach", action="store_true", help="leave the time to score out")
    asked = parser.parse_args(arguments)
    unknown = set(asked.workloads) - set(_NAMES)
    if unknown:
        parser.error(f"no workload {', '.join(sorted(unknown))}; choose from {', '.join(_NAMES)}")
    for name in ("repeats", "rows"):
        value = getattr(asked, name)
        if value is not None and value < 1:
            parser.error(f"--{name} is {value}; it must be at least 1")
    named = [GROUPS.get(name, (name,)) for name in asked.workloads]
    asked.workloads = list(dict.fromkeys(name for names in named for name in names))
    check_files(parser, asked.data, files_of(asked.workloads or WORKLOADS))
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs what was asked, workload by workload, and writes each table as soon as it is there."""
    asked = options(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "-m", "benchmarks.peers", *words])
    peers = asked.python or (peers_python() if asked.peers else Path(sys.executable))
    pythons = {tool: Path(sys.executable) if tool == OURS else peers for tool in TOOLS}
    work = make_work_folder(asked.work, "benchmark-")
    runner = Runner(work, pythons, asked.limit)
    try:
        runner.warm_up()
        for name in asked.workloads or WORKLOADS:
            workload = shortened(WORKLOADS[name], asked.trials, asked.epochs)
            busy = load()
            records = run_workload(workload, runner, asked)
            section = _section(workload, records, command, busy, asked.rows)
            print(f"\n{section}\n", flush=True)
            write_section(asked.output, f"peers {name}", section)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def shortened(workload: Workload, trials: int | None, epochs: int | None) -> Workload:
    """The workload with the budget that was asked for."""
    return replace(workload, trials=trials or workload.trials, epochs=epochs or workload.epochs)


def run_workload(workload: Workload, runner: Runner, asked: argparse.Namespace) -> list[Record]:
    """All searches of a workload, the tools in turn; every repeat begins with another tool."""
    rows = write_rows(workload.name, asked.data, runner.work, asked.rows)
    tools = [OURS, *(peer for peer in asked.peers if peer in tools_of(workload))]
    records: list[Record] = []
    try:
        for repeat in range(asked.repeats):
            turn = repeat % len(tools)
            for tool in (*tools[turn:], *tools[:turn]):
                assignment = _assign(workload, tool, repeat, rows, runner.work)
                _keep(runner.run(assignment, repeat), records, asked.records)
            goal = goal_of(records, repeat)
            if workload.reach is not None and goal is not None and not asked.no_reach:
                seconds = next(r.seconds for r in records if r.tool == TUNER and r.repeat == repeat)
                assignment = replace(
                    _assign(workload, OURS, repeat, rows, runner.work),
                    directory=str(runner.work / f"{workload.name}-{repeat}-reach"),
                    reach=goal,
                    seconds=max(seconds or 0.0, _LEAST_REACH_SECONDS),
                )
                _keep(runner.run(assignment, repeat, REACH), records, asked.records)
    except KeyboardInterrupt:
        print(f"Stopped: the table of {workload.name} holds what was done.", flush=True)
        if not records:
            raise
    rows.unlink()
    return records


def _assign(workload: Workload, tool: str, repeat: int, rows: Path, work: Path) -> Assignment:
    return Assignment(
        tool=tool,
        name=workload.name,
        rows_file=str(rows),
        directory=str(work / f"{workload.name}-{repeat}-{tool}"),
        trials=workload.trials,
        epochs=workload.epochs,
        patience=workload.patience,
        seed=repeat + 1,  # KerasTuner takes 0 for no seed
    )


def _keep(record: Record, records: list[Record], file: Path | None) -> None:
    records.append(record)
    if file is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(record.to_json()) + "\n")
    took = "not done" if record.seconds is None else f"{record.seconds:.1f} s"
    best = "" if record.best is None else f", best validation loss {record.best:.4f}"
    print(
        f"{record.workload} {record.repeat + 1}: {record.tool}: {len(record.trials)} trials, "
        f"{took}{best} {record.reason}".rstrip(),
        flush=True,
    )


def _section(
    workload: Workload, records: Sequence[Record], command: str, busy: float, most: int | None
) -> str:
    """The table with its heading and all that it takes to judge it."""
    whole = WORKLOADS[workload.name]
    short = workload != whole or most is not None
    versions: dict[str, str] = {}
    for record in records:
        versions |= record.facts.get("versions", {})
    repeats = len({record.repeat for record in records})
    own = " Every tool searches image networks of its own." * isinstance(workload, ImageWorkload)
    return "\n\n".join(
        [
            f"## Peers: {workload.name}",
            f"`{command}`, {date.today().isoformat()}"
            + (" (**shortened**: to try the benchmark, not to quote)" if short else ""),
            f"{workload.trials} trials of up to {workload.epochs} epochs, patience "
            f"{workload.patience}, batches of 32, random sampling; medians of {repeats} searches, "
            f"tools in turn.{own}",
            workload_table(workload, records),
            f"Machine: {machine()}; load before the first search {busy:.1f}. "
            f"Versions: {version_line(versions)}.",
        ]
    )


if __name__ == "__main__":
    main()
