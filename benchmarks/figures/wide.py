"""What tables with many columns, or with a column of many categories, take."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.trial import TrialState
from benchmarks.catalogue import ROOT
from benchmarks.figures.options import Figure, Options, timed_command

ROWS, COLUMNS = 2_000, 3_000
#: Each category stands in some rows: as an identifier the column would be left out.
CATEGORIES, ROWS_OF_A_CATEGORY = 91_000, 3
EPOCHS = 3
AUTOML = (sys.executable, "-P", "-m", "automl")


def measure(asked: Options) -> Figure:
    """Searches on either table with one trial; exports and predicts with the model of the first."""
    share = 20 if asked.shortened else 1
    rows, columns, categories = ROWS // share, COLUMNS // share, CATEGORIES // share
    wide = write_wide(asked.work / "wide.csv", rows, columns)
    run = search(wide, asked.work / "wide-run", "--allow-wide")
    many = write_many(asked.work / "many.csv", categories, ROWS_OF_A_CATEGORY * categories)
    own = search(many, asked.work / "many-run", "--categorical", "c")
    size = f"{rows:,} rows by {columns:,} columns of numbers"
    exported = [
        timed_command([*AUTOML, "export", str(run), "0", "--to", str(asked.work / f"m{one}")], 1)
        for one in range(asked.repeats)
    ]
    told = ["--output", str(asked.work / "told.csv")]
    predicted = timed_command(
        [*AUTOML, "predict", str(asked.work / "m0"), str(wide), *told], asked.repeats
    )
    exporting = [median(part) for part in zip(*exported, strict=True)]
    return Figure(
        "Wide tables",
        f"Commands as a whole, median of {asked.repeats}, on {size}; and what trial 0 (the "
        f"defaults of `mlp`, {EPOCHS} epochs) told of itself, of one search of each table. The "
        f"other one has {categories:,} categories in one column, each in about "
        f"{ROWS_OF_A_CATEGORY} rows, taken with `--categorical`, which keeps the 10,000 most "
        "frequent ones.",
        ("what", "wall clock, s", "processor, s"),
        [
            [f"`automl export`, {size}", *_cells(exporting)],
            [f"`automl predict`, {size}", *_cells(predicted)],
            [f"trial 0, {size}", *_cells([trial_seconds(run)]), ""],
            [f"trial 0, {categories:,} categories in a column", *_cells([trial_seconds(own)]), ""],
        ],
    )


def write_wide(path: Path, rows: int, columns: int) -> Path:
    """Writes a table of numbers whose first tell the class."""
    import pandas as pd

    x = np.random.default_rng(0).normal(size=(rows, columns))
    table = pd.DataFrame(x, columns=[f"x{number}" for number in range(columns)]).round(4)
    table["y"] = np.where(x[:, :5].sum(axis=1) > 0, "yes", "no")
    table.to_csv(path, index=False)
    return path


def write_many(path: Path, categories: int, rows: int) -> Path:
    """Writes a table with a column of so many categories, every one of them there."""
    import pandas as pd

    draw = np.random.default_rng(0)
    codes = np.concatenate([np.arange(categories), draw.integers(0, categories, rows - categories)])
    a = draw.normal(size=rows)
    y = np.where(a + (codes % 2) > 0.5, "yes", "no")
    table = pd.DataFrame({"c": [f"c{code}" for code in codes], "a": a.round(4), "y": y})
    table.sample(frac=1, random_state=0).to_csv(path, index=False)
    return path


def search(table: Path, run: Path, *options: str) -> Path:
    """Searches with one trial, on one division of the rows.

    Raises:
        subprocess.CalledProcessError: The search failed.
    """
    words = ["--target", "y", "--space", "mlp", "--trials", "1", "--epochs", str(EPOCHS)]
    words += ["--cv", "none", "--seed", "1", "--quiet", "--directory", str(run), *options]
    command = [*AUTOML, "search", str(table), *words]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return run


def trial_seconds(run: Path) -> float:
    """What trial 0 of a run took.

    Raises:
        RuntimeError: It is not complete.
    """
    trial = read_record(RunDirectory.open(run)).trials[0]
    if trial.result is None or trial.state is not TrialState.COMPLETED:
        raise RuntimeError(f"Trial 0 of the search in {run} is not complete: {trial.state}.")
    return trial.result.seconds


def _cells(seconds: Sequence[float]) -> list[str]:
    return [f"{one:.2f}" for one in seconds]
