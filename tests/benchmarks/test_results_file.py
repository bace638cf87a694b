"""RESULTS.md: a section is replaced by its next measurement, and by nothing else."""

from __future__ import annotations

from pathlib import Path

from benchmarks.results_file import markdown_table, write_section


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
