"""Figures: their arithmetic, and the ones without training in small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.figures import driver, leaderboard, recycling, wide
from benchmarks.figures.__main__ import main
from benchmarks.figures.memory import memory_rows
from benchmarks.figures.options import Options
from benchmarks.figures.stages import STAGES, stage_cells
from benchmarks.figures.startup import first_end, first_start
from benchmarks.peers.clock import Ended, Record


def make_options(work: Path) -> Options:
    return Options(
        data=work,
        work=work,
        repeats=1,
        memory_trials=4,
        sizes=(3, 6),
        workloads=("digits",),
        shortened=True,
    )


def make_record(*trials: tuple[float, float, dict[str, float]]) -> Record:
    ended = tuple(
        Ended(at, 0.5, 3, {"seconds": seconds, "timings": timings})
        for at, seconds, timings in trials
    )
    return Record("digits", "automl", 0, ended, ended[-1].at + 0.1, ended[-1].at + 1)


def test_stages_and_what_is_left_of_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.figures.stages.usable_cores", lambda: 2)
    timings = {"build": 0.25, "trace": 0.25, "train": 1.0, "validate": 0.25, "save": 0.125}
    record = make_record(
        (10.0, 2.0, timings), (11.0, 2.0, {**timings, "load": 0.0625}), (12.0, 2.0, timings)
    )
    cells = stage_cells(record)
    assert cells[0] == "3"
    assert dict(zip(STAGES, map(float, cells[1:6]), strict=True)) == timings
    # 2 s less 1.875 s in the stages, whatever other stages a trial names; two workers for 4 s.
    assert [float(cell) for cell in cells[6:]] == [
        pytest.approx(value, abs=6e-4) for value in (0.125, 2.0, 2 / 3)
    ]


def test_moments_of_a_search() -> None:
    record = make_record((5.0, 1.0, {}), (4.5, 0.25, {}), (6.0, 1.0, {}))
    assert first_start(record) == 4.0
    assert first_end(record) == 4.5


def test_memory_compares_the_last_sample_with_the_first() -> None:
    mib = 2**20

    def sample(trial: int, driver: int, **workers: int) -> dict[str, Any]:
        held = {name: (size * mib, (size - 50) * mib) for name, size in workers.items()}
        return {"trial": trial, "driver": (driver * mib, driver * mib), "workers": held}

    rows = memory_rows([sample(50, 100, a=200, b=400), sample(100, 110, a=250, c=350)])
    assert rows[0] == ["50", "100.0", "300.0", "400.0", "100.0", "350.0", "0"]
    assert rows[1] == ["100", "110.0", "300.0", "350.0", "110.0", "300.0", "1"]
    assert rows[2] == ["last against first", "+10.0%", "+0.0%", "-12.5%", "+10.0%", "-14.3%", ""]


def test_the_driver_is_measured_at_every_size(tmp_path: Path) -> None:
    figure = driver.measure(make_options(tmp_path))
    assert {row[1] for row in figure.rows} == {"3", "6"}
    assert len(figure.rows) == 2 * len(driver.STRATEGIES)
    assert all(float(row[2]) > 0 for row in figure.rows)
    assert list(tmp_path.iterdir()) == []


def test_the_leaderboard_is_measured_at_every_size(tmp_path: Path) -> None:
    figure = leaderboard.measure(make_options(tmp_path))
    assert [row[0] for row in figure.rows] == ["3", "6"]
    assert float(figure.rows[0][3]) <= float(figure.rows[1][3])


def test_wide_tables_are_what_the_figure_says(tmp_path: Path) -> None:
    table = pd.read_csv(wide.write_wide(tmp_path / "wide.csv", 30, 70))
    assert table.shape == (30, 71) and set(table["y"]) == {"yes", "no"}
    many = pd.read_csv(wide.write_many(tmp_path / "many.csv", 500, 1_500))
    assert len(many) == 1_500 and many["c"].nunique() == 500


@pytest.mark.slow
def test_wide_tables_are_measured(tmp_path: Path) -> None:
    figure = wide.measure(make_options(tmp_path))
    assert len(figure.rows) == 4
    assert all(float(row[1]) > 0 for row in figure.rows)


@pytest.mark.slow
def test_recycling_replaces_workers_and_loses_no_trial(tmp_path: Path) -> None:
    kept, replaced, cost = recycling.measure(make_options(tmp_path)).rows
    assert kept[3] == replaced[3] == "0"
    assert float(replaced[1]) - float(kept[1]) == pytest.approx(float(cost[1]), abs=0.02)


@pytest.mark.slow
def test_the_command_writes_every_figure(tmp_path: Path) -> None:
    output = tmp_path / "RESULTS.md"
    words = ["--repeats", "1", "--memory-trials", "4", "--sizes", "3", "--workloads", "digits"]
    main([*words, "--shortened", "--work", str(tmp_path), "--output", str(output)])
    text = output.read_text()
    assert text.count("<!-- begin figure ") == 7
    assert "digits | 2 |" in text
    assert list(tmp_path.iterdir()) == [output]
