"""Whole searches on small sets: what two ways came to, side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.results_file import add_record, read_records
from benchmarks.small_sets import Searched, section, tables


def searched(name: str, cv: str, test: float, linear: float | None, rows: int = 300) -> Searched:
    return Searched(name, rows, 0, cv, 0.5, test, linear, 20.0 if cv == "5" else 10.0, 50)


FOUND = [
    searched("wine", "5", 0.5, 0.8),
    searched("wine", "none", 1.0, 0.8),
    searched("iris", "none", 0.4, None, rows=105),
    searched("iris", "5", 0.8, None, rows=105),
    searched("alone", "none", 0.1, 0.2),
]


def test_a_section_has_a_line_for_each_pair_and_one_for_all() -> None:
    text = section(FOUND, "python -m benchmarks.small_sets")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert "`python -m benchmarks.small_sets`" in text
    [every] = [line for line in lines if line.startswith("| all ")]
    # The losses are halved once and doubled once: their ratio is 1 in the geometric mean.
    assert every.startswith("| all | 2 | 1.000 x/÷ 2.000 | 50% | 50% | 100% | 2.00 |")
    assert [line for line in lines if "seed 0" in line] == [
        "| iris, seed 0 | 105 | 0.4 | 0.8 |  | 10 | 20 |",
        "| wine, seed 0 | 300 | 1 | 0.5 | 0.8 | 10 | 20 |",
    ]


def test_groups_have_the_sets_of_their_size_alone() -> None:
    large = [searched("big", cv, 1.0, 2.0, rows=1_800) for cv in ("none", "5")]
    text = section([*FOUND, *large], "command")
    assert "| 105 to 300 rows | 2 |" in text
    assert "| 1,800 to 1,800 rows | 1 |" in text


def test_what_was_searched_is_read_back(tmp_path: Path) -> None:
    for one in FOUND:
        add_record(tmp_path / "small.jsonl", one)
    assert read_records(tmp_path / "small.jsonl", Searched) == FOUND


def test_sets_are_handed_over_with_rows_that_test(tmp_path: Path) -> None:
    name, rows, given = next(tables(0, tmp_path, tmp_path))
    held = np.load(given[0])
    assert (name, rows) == ("iris", 105)
    assert (len(held["x"]), len(held["x_test"])) == (105, 45)
