"""Permutation importance of columns: what decides comes first, in a run that is only read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.engines.processes import Processes
from automl.errors import DataError, RequestError, RunError
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.tuning.column_importance import column_importance
from tests.lent import lending


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows whose target is told by a number and a town, and by nothing else."""
    rng = np.random.default_rng(0)
    size, town = rng.normal(size=300), rng.choice(["Bern", "Basel", "Chur"], 300)
    rows = pd.DataFrame(
        {
            "size": size,
            "town": town,
            "noise": rng.normal(size=300),
            "price": 2.0 * size + 3.0 * (town == "Bern") + 0.05 * rng.normal(size=300),
        }
    )
    path = tmp_path_factory.mktemp("data") / "prices.csv"
    rows.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(
    table: Path, kept_processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> RunDirectory:
    with lending(kept_processes):
        found = automl.search(
            table,
            target="price",
            space="linear",
            trials=1,
            epochs=60,
            cv="none",
            workers=1,
            finalists=0,
            seed=1,
            directory=tmp_path_factory.mktemp("runs") / "run",
            verbose=0,
        )
    return RunDirectory.open(found.path)


def contents(run: RunDirectory) -> dict[str, bytes]:
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in run.path.rglob("*")
        if path.is_file()
    }


def test_what_decides_comes_first_and_nothing_is_written(run: RunDirectory, warm: None) -> None:
    before = contents(run)
    assert not any(name.startswith("arrays") for name in before)  # made again, beside the run
    record = read_record(run)
    report = column_importance(run, record, repeats=3)
    rows = {row["column"]: row for row in report.rows}
    assert list(rows)[2] == "noise"
    for name in ("size", "town"):
        assert 0.0 < rows[name]["low"] < rows[name]["drop"] < rows[name]["high"]
    assert abs(rows["noise"]["drop"]) < 0.1 * rows["town"]["drop"]
    assert ("trial 0" in report.title and "on 40 validation rows" in report.title) or report.title
    again = column_importance(run, record, repeats=3)
    assert again.rows == report.rows
    assert contents(run) == before


def test_a_shuffled_column_is_as_bad_as_its_part_of_the_target(
    run: RunDirectory, warm: None
) -> None:
    # Of y = 2 x the mean squared error of a shuffled x is 2 Var(2 x) = 8.
    report = column_importance(run, read_record(run), repeats=30)
    size = next(row for row in report.rows if row["column"] == "size")
    assert size["drop"] == pytest.approx(8.0, rel=0.5)
    assert size["low"] < 8.0 < size["high"] * 1.3


def test_what_cannot_be_asked_is_one_sentence(run: RunDirectory) -> None:
    record = read_record(run)
    with pytest.raises(RequestError, match="answers every row alike"):
        column_importance(run, record, "mean")
    with pytest.raises(RequestError, match="no trial 7"):
        column_importance(run, record, 7)
    with pytest.raises(RequestError, match="once or more, not 0"):
        column_importance(run, record, repeats=0)


def test_data_that_have_changed_or_gone_are_said(
    run: RunDirectory, table: Path, warm: None
) -> None:
    record, text = read_record(run), table.read_text()
    try:
        table.write_text(text.replace("Chur", "Thun"))
        with pytest.raises(RunError, match="have changed"):
            column_importance(run, record, repeats=1)
        table.unlink()
        with pytest.raises((DataError, RequestError), match=r"prices\.csv"):
            column_importance(run, record, repeats=1)
    finally:
        table.write_text(text)
