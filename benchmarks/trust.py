"""How far the score that a search reports of what it exports is from that on the test rows.

    python -m benchmarks.trust --records /tmp/trust.jsonl --before /path/to/an/older/checkout

Bundled small sets are searched as a person does it, `automl search NAME --seed S`: the seed decides
the division into training and test rows too. Looked at are the score and the test score of the
exported model, as its bundle has them, of this checkout and of an older one, which needs a virtual
environment of its own in ``.venv``.

By how much test rows happen to be harder than those of training is the same for all models, nearly:
the linear baseline, which nobody has chosen, shows it.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.catalogue import ROOT
from benchmarks.machine import machine, version_line, versions
from benchmarks.results_file import add_record, markdown_table, put_section, read_records
from benchmarks.work_folder import make_work_folder

SETS = ("digits", "iris", "wine", "breast_cancer", "diabetes")
NOW, BEFORE = "now", "before"
LINEAR = "linear"


@dataclass(frozen=True)
class Reported:
    """What one search said of what it exported.

    Attributes:
        name: The set.
        seed: Seed of rows and search.
        version: `NOW` or `BEFORE`.
        exported: The trial or ensemble that was exported.
        validation: Its score, a loss.
        test: Its score on the test rows.
        linear: The linear baseline's score.
        linear_test: Its score on the test rows.
        seconds: Processor seconds of the search, with all its processes.
    """

    name: str
    seed: int
    version: str
    exported: str
    validation: float
    test: float
    linear: float
    linear_test: float
    seconds: float


def search(name: str, seed: int, version: str, checkout: Path, python: Path, run: Path) -> Reported:
    """Runs one search in a process of its own.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    words = [name, "--seed", str(seed), "--quiet", "--directory", str(run)]
    before = os.times()
    subprocess.run(
        [str(python), "-P", "-m", "automl", "search", *words],
        cwd=checkout,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = os.times()
    config = json.loads((run / "best" / "config.json").read_text())
    spent = after.children_user + after.children_system
    test_metric = f"test_metrics.{config['objective']['name']}"
    with (run / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        [linear] = [row for row in csv.DictReader(file) if row["trial"] == LINEAR]
    return Reported(
        name,
        seed,
        version,
        str(config["trial"]),
        config["score"],
        config["test_metrics"][config["objective"]["name"]],
        float(linear["score"]),
        float(linear[test_metric]),
        spent - before.children_user - before.children_system,
    )


def section(found: Sequence[Reported], command: str) -> str:
    """The section of RESULTS.md."""
    header = (
        "set", "seeds", "test - reported, before", "now", "linear's", "test loss, before", "now",
        "now / before (each seed)", "now better", "processor seconds, now / before",
    )  # fmt: skip
    return "\n\n".join(
        (
            "## Reported scores against test scores",
            f"`{command}`, {date.today()}; {machine()}; {version_line(versions())}.",
            "`automl search SET --seed S` with its defaults; losses of the exported model (log "
            "loss; diabetes: mean squared error): the difference between that on the test rows "
            "and the one that the search reports, its mean over seeds and the standard error; the "
            "test loss likewise; the ratio of test losses is the geometric mean of each seed's. "
            "The linear baseline, which nobody has chosen, shows by how much the test rows happen "
            "to be harder than those of training.",
            markdown_table(header, [_line(name, found) for name in dict.fromkeys(_names(found))]),
            _overall(found),
        )
    )


def _overall(found: Sequence[Reported]) -> str:
    """The differences of all sets together, each in shares of its set's mean test loss before."""
    before = [one for one in found if one.version == BEFORE]
    scale = {
        name: float(np.mean([one.test for one in before if one.name == name]))
        for name in _names(before)
    }
    told = []
    means = {}
    for version in (BEFORE, NOW):
        known = [one for one in found if one.version == version and one.name in scale]
        shares = [(one.test - one.validation) / scale[one.name] for one in known]
        own = [
            (one.test - one.validation - one.linear_test + one.linear) / scale[one.name]
            for one in known
        ]
        means[version] = np.mean(shares) if shares else math.nan
        told.append(f"{version} {_mean(shares)} (less the linear baseline's {_mean(own)})")
    return (
        f"All sets together, in shares of the mean test loss before: {'; '.join(told)}; now / "
        f"before {means[NOW] / means[BEFORE]:.2f}."
    )


def _names(found: Sequence[Reported]) -> list[str]:
    return [one.name for one in found]


def _line(name: str, found: Sequence[Reported]) -> list[str]:
    now = {one.seed: one for one in found if (one.name, one.version) == (name, NOW)}
    before = {one.seed: one for one in found if (one.name, one.version) == (name, BEFORE)}
    both = [seed for seed in now if seed in before]
    logs = np.log([now[seed].test / before[seed].test for seed in both])
    seconds = [now[seed].seconds / before[seed].seconds for seed in both]
    return [
        name,
        f"{len(now)}, {len(both)} of both",
        _mean([one.test - one.validation for one in before.values()]),
        _mean([one.test - one.validation for one in now.values()]),
        _mean([one.linear_test - one.linear for one in (now or before).values()]),
        _mean([one.test for one in before.values()]),
        _mean([one.test for one in now.values()]),
        f"{math.exp(logs.mean()):.3f}" if both else "",
        f"{(logs < 0).mean():.0%}" if both else "",
        f"{math.exp(np.log(seconds).mean()):.2f}" if both else "",
    ]


def _mean(values: Sequence[float]) -> str:
    """A mean with its standard error."""
    if not values:
        return ""
    error = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{np.mean(values):.4g} ± {error:.2g}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Searches what is not yet in the records, and prints the section or writes it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.trust", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--records", type=Path, required=True, help="JSON lines; goes on from them")
    parser.add_argument("--before", type=Path, help="an older checkout with its .venv")
    parser.add_argument("--no-now", action="store_true", help="search with the older one alone")
    parser.add_argument("--seeds", type=int, default=20, help="seeds of each set (20)")
    parser.add_argument("--only", default="", help="sets whose name contains this text")
    parser.add_argument("--output", type=Path, help="write the section there; else it is printed")
    asked = parser.parse_args(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    ways = {NOW: (ROOT, Path(sys.executable))}
    if asked.before is not None:
        older = asked.before.absolute()
        ways[BEFORE] = (older, older / ".venv" / "bin" / "python")
    if asked.no_now:
        del ways[NOW]
    found = read_records(asked.records, Reported)
    known = {(one.name, one.seed, one.version) for one in found}
    work = make_work_folder(None, "trust-")
    try:
        for seed in range(asked.seeds):
            for name in SETS:
                for version, (checkout, python) in ways.items():
                    if (name, seed, version) in known or asked.only not in name:
                        continue
                    found.append(search(name, seed, version, checkout, python, work / "run"))
                    shutil.rmtree(work / "run")
                    add_record(asked.records, found[-1])
                    print(found[-1], flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    put_section(
        asked.output,
        "trust",
        section(found, shlex.join(["python", "-m", "benchmarks.trust", *words])),
    )


if __name__ == "__main__":
    main()
