"""RESULTS.md: a section is replaced by its next measurement alone; records are read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.results_file import (
    add_record,
    markdown_table,
    put_section,
    read_records,
    write_section,
)


@dataclass(frozen=True)
class Measured:
    """Any record."""

    name: str
    seconds: float


def test_sections_are_added_and_replaced_by_name(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    write_section(path, "one", "## One\n\nfirst")
    write_section(path, "two", "## Two\n\nsecond")
    write_section(path, "one", "## One\n\n\\1 anew")
    text = path.read_text()
    assert text.startswith("# Measured")
    assert "first" not in text
    assert text.index("\\1 anew") < text.index("second")
    assert text.count("<!-- begin one -->") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["RESULTS.md"]


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    table = markdown_table(("a", "b"), [("x|y", "1")])
    assert table.splitlines() == ["| a | b |", "| --- | ---: |", "| x/y | 1 |"]


def test_records_are_read_back_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    assert read_records(path, Measured) == []
    measured = [Measured("b", 1.5), Measured("ä", 0.1)]
    for one in measured:
        add_record(path, one)
    assert read_records(path, Measured) == measured


def test_a_section_without_a_file_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_section(None, "one", "## One")
    assert capsys.readouterr().out == "## One\n"
    put_section(tmp_path / "RESULTS.md", "one", "## One")
    assert capsys.readouterr().out == ""
    assert "## One" in (tmp_path / "RESULTS.md").read_text()
