"""Whole searches without and with some options of `automl search`.

    python -m benchmarks.options --with="--objective tempered_log_loss" --records /tmp/options.jsonl
    python -m benchmarks.options --with="--set dtype_policy=float32" --only images ...

The same rows are searched with the same seed, without the options and with them. Numbers of trials
are fixed, so that other work on the machine changes nothing. Looked at are the log loss and the
accuracy of what is exported, with the temperature that the search gives it, on the test rows (of
numbers the mean squared error and R2), and the processor seconds.
"""

from __future__ import annotations

import json
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

import numpy as np

from benchmarks.catalogue import ROOT
from benchmarks.machine import machine, version_line, versions
from benchmarks.recorded import measure_missing, recorded_parser
from benchmarks.results_file import markdown_table, put_section
from benchmarks.rows import DEFAULT_DATA, check_files
from benchmarks.work_folder import make_work_folder

#: What sets are made of.
FILES = ("fashion_mnist.npz", "adult-train.csv", "adult-test.csv", "housing.csv")
BUNDLED = ("digits", "breast_cancer", "wine")
#: Rows of the made sets and of adult, without the test rows.
SIZES = (500, 2_000, 10_000)
#: Rows of Fashion-MNIST that a search gets; the 10,000 test rows are the file's own.
IMAGES = 4_000
MADE_TEST_ROWS = 20_000
TABLE_WORDS = ("--trials", "25")
IMAGE_WORDS = ("--trials", "1", "--epochs", "10")
FAMILIES = ("fastcnn", "resnet", "mobilenet")


@dataclass(frozen=True)
class Searched:
    """What one search came to.

    Attributes:
        name: The set.
        seed: Seed of rows and search.
        options: What was added to the command, or "".
        loss: Log loss of what was exported, on the test rows; of numbers the mean squared error.
        share: Accuracy likewise; of numbers R2.
        exported: The trial or ensemble.
        seconds: Processor seconds of the search, with all its processes.
    """

    name: str
    seed: int
    options: str
    loss: float
    share: float
    exported: str
    seconds: float


def searches(seed: int, data: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """Names, and what tells `automl search` of their rows and of how much is searched."""
    from sklearn.datasets import make_classification

    with np.load(data / "fashion_mnist.npz", allow_pickle=False) as file:
        rows = np.random.default_rng(seed).permutation(len(file["x_train"]))[:IMAGES]
        path = work / "fashion.npz"
        parts = {name: file[name][rows] for name in ("x_train", "y_train")}
        np.savez(path, **parts, x_test=file["x_test"], y_test=file["y_test"])
    for family in FAMILIES:
        yield f"images, {family}", [str(path), "--space", family, *IMAGE_WORDS]
    for name in BUNDLED:
        yield name, [name, *TABLE_WORDS]
    for size in SIZES:
        x, y = make_classification(
            size + MADE_TEST_ROWS, 20, n_informative=8, n_redundant=4, n_classes=4,
            flip_y=0.05, random_state=seed,
        )  # fmt: skip
        path = work / "rows.npz"
        np.savez(path, x=x[:size], y=y[:size], x_test=x[size:], y_test=y[size:])
        yield f"classes {size}", [str(path), *TABLE_WORDS]
    for size in SIZES:
        yield f"adult {size}", [*_adult(size, seed, data, work), *TABLE_WORDS]
        yield f"housing {size}", [*_housing(size, seed, data, work), *TABLE_WORDS]


def _adult(size: int, seed: int, data: Path, work: Path) -> list[str]:
    import pandas as pd

    told = []
    for part, rows in (("train", size), ("test", None)):
        table = pd.read_csv(data / f"adult-{part}.csv", header=None, skipinitialspace=True)
        table.columns = pd.Index([f"column {number}" for number in table])
        table = table.sample(rows, random_state=seed) if rows else table
        table.to_csv(work / f"{part}.csv", index=False)
        told.append(str(work / f"{part}.csv"))
    return [told[0], "--test", told[1], "--target", "column 14"]


def _housing(size: int, seed: int, data: Path, work: Path) -> list[str]:
    """Rows of housing; all others are test rows."""
    import pandas as pd

    table = pd.read_csv(data / "housing.csv").sample(frac=1.0, random_state=seed)
    table[:size].to_csv(work / "train.csv", index=False)
    table[size:].to_csv(work / "test.csv", index=False)
    words = [str(work / "train.csv"), "--test", str(work / "test.csv")]
    return [*words, "--target", "median_house_value"]


def search(name: str, given: Sequence[str], seed: int, options: str, run: Path) -> Searched:
    """Runs one search in a process of its own.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    words = [*given, *shlex.split(options), "--seed", str(seed), "--directory", str(run)]
    command = [sys.executable, "-P", "-m", "automl", "search", "--quiet", *words]
    before = os.times()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    config = json.loads((run / "best" / "config.json").read_text())
    scores = config["test_metrics"]
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    exported = str(config["trial"])
    loss, share = ("log_loss", "accuracy") if "log_loss" in scores else ("mse", "r2")
    return Searched(name, seed, options, scores[loss], scores[share], exported, spent)


def section(found: Sequence[Searched], options: str, command: str) -> str:
    """The section of RESULTS.md: all searches without the options and with them."""
    header = (
        "set", "pairs", "test loss without", "with", "with / without", "with is better",
        "test accuracy or R2 without", "with", "processor seconds, with / without",
    )  # fmt: skip
    pairs = _pairs(found, options)
    names = dict.fromkeys(one.name for one, _ in pairs)
    groups = [(name, [pair for pair in pairs if pair[0].name == name]) for name in names]
    lines = [_line(name, own) for name, own in (*groups, ("all", pairs)) if own]
    return "\n\n".join(
        (
            f"## Searches with `{options}`",
            f"`{command}`, {date.today()}; {machine()}; {version_line(versions())}.",
            f"`automl search` without and with `{options}` (tables: `{shlex.join(TABLE_WORDS)}`; "
            f"images, {IMAGES:,} rows of Fashion-MNIST, a space's default: "
            f"`{shlex.join(IMAGE_WORDS)}`): what each exports, on the test rows: log "
            "loss and accuracy, of numbers mean squared error and R2. The ratio is the geometric "
            "mean, with its standard error as a factor.",
            markdown_table(header, lines),
        )
    )


def _pairs(found: Sequence[Searched], options: str) -> list[tuple[Searched, Searched]]:
    """The search without and with the options, of each set and seed that has both."""
    by_key = {(one.name, one.seed, one.options): one for one in found}
    keys = dict.fromkeys((one.name, one.seed) for one in found)
    both = [(by_key.get((*key, "")), by_key.get((*key, options))) for key in keys]
    return [(one, other) for one, other in both if one is not None and other is not None]


def _line(name: str, pairs: Sequence[tuple[Searched, Searched]]) -> list[str]:
    logs = np.log([other.loss / one.loss for one, other in pairs])
    ratio = f"{math.exp(logs.mean()):.3f}"
    if len(logs) > 1:
        ratio += f" x/÷ {math.exp(logs.std(ddof=1) / math.sqrt(len(logs))):.3f}"
    losses = np.mean([[one.loss, other.loss] for one, other in pairs], axis=0)
    of_one = len({one.name for one, _ in pairs}) == 1  # others' losses are in other units
    accuracies = np.mean([[one.share, other.share] for one, other in pairs], axis=0)
    seconds = [other.seconds / one.seconds for one, other in pairs]
    return [
        name, str(len(pairs)), *(f"{loss:.4g}" if of_one else "" for loss in losses),
        ratio, f"{(logs < 0).mean():.0%}",
        *(f"{share:.4f}" for share in accuracies), f"{math.exp(np.log(seconds).mean()):.2f}",
    ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Searches what is not yet in the records, and prints the section or writes it."""
    parser = recorded_parser("options", __doc__, 3)
    parser.add_argument("--with", dest="options", required=True, help="the options, as one word")
    parser.add_argument("--only", default="", help="sets whose name contains this text")
    parser.add_argument("--folder", type=Path, default=DEFAULT_DATA, help="folder of the files")
    asked = parser.parse_args(arguments)
    check_files(parser, asked.folder, FILES, "--folder")
    words = sys.argv[1:] if arguments is None else arguments
    work = make_work_folder(None, "options-")

    def pending() -> Iterator[tuple[Hashable, Callable[[], Searched]]]:
        for seed in range(asked.seeds):
            for name, given in searches(seed, asked.folder, work):
                for options in ("", asked.options) if asked.only in name else ():
                    todo = partial(search, name, given, seed, options, work / "run")
                    yield (name, seed, options), todo

    def say(one: Searched) -> None:
        shutil.rmtree(work / "run")
        print(one, flush=True)

    def key(one: Searched) -> Hashable:
        return one.name, one.seed, one.options

    try:
        found = measure_missing(asked.records, Searched, key, pending(), say)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    text = section(found, asked.options, shlex.join(["python", "-m", "benchmarks.options", *words]))
    put_section(asked.output, f"options {asked.options}", text)


if __name__ == "__main__":
    main()
