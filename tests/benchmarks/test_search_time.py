"""The benchmark of where a search's time goes: what it searches on, and what it tells of a run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.search_time import HEADER, find_source, make_table, options, row, search


def test_rows_are_a_file_a_name_or_made(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("a,b\n1,2\n")
    assert find_source(f"{file}:b", tmp_path, tmp_path).arguments == (str(file), "--target", "b")
    assert find_source("iris", tmp_path, tmp_path).arguments == ("iris",)
    with pytest.raises(FileNotFoundError, match="no rows 'housing'"):
        find_source("housing", tmp_path, tmp_path)
    (tmp_path / "letter.csv").write_text("class\n")
    assert find_source("letter", tmp_path, tmp_path).made is None
    assert find_source("bank", tmp_path, tmp_path).made is not None


def test_what_is_made_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    make_table(tmp_path / "made.csv", 300, 7, 5, 4)
    table = pd.read_csv(tmp_path / "made.csv")
    assert table.shape == (300, 8)
    assert set(table["class"]) == {"c0", "c1", "c2", "c3"}


def test_shares_are_fractions_or_numbers() -> None:
    assert options(["iris", "--shares", "1/4", "0.5"]).shares == [0.25, 0.5]
    with pytest.raises(SystemExit):
        options(["iris", "--shares", "0"])


@pytest.mark.slow
def test_a_search_is_a_row_also_where_its_time_was_too_short(tmp_path: Path) -> None:
    source = find_source("iris", tmp_path, tmp_path)
    search(source, 10.0, 3, 1 / 16, tmp_path / "run")
    cells = row(source, 3, 1 / 16, tmp_path / "run")
    assert len(cells) == len(HEADER)
    assert cells[:3] == ["iris", "3", "1/16"]
