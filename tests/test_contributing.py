"""What CONTRIBUTING.md says of the house is so: its files are there, its counts are counted."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_it_is_two_pages() -> None:
    assert len(TEXT.splitlines()) <= 120
    assert len(TEXT.split()) <= 1100


def test_the_files_that_it_names_are_there() -> None:
    named = re.findall(r"`((?:automl|tests|docs|search_spaces)/[\w./]*)`", TEXT)
    assert len(named) > 20
    for path in named:
        place = ROOT / path
        assert place.exists() if "NAME" not in path else place.parents[path.endswith("/")].is_dir()
    for path in re.findall(r"^    (automl/\w+/)", TEXT, flags=re.M):
        assert (ROOT / path).is_dir()


def test_twelve_changes_are_counted_in_two_files_at_most() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| .+ \|$", TEXT, flags=re.M)
    counts = {change: files for change, files in rows if change != "change"}
    assert len(counts) == 12
    for change, files in counts.items():
        least = int(re.search(r"\d+", files)[0])  # type: ignore[index]
        assert least <= 2 or change == "a second objective", change


def test_the_files_that_a_second_objective_takes_are_counted() -> None:
    found = [
        path
        for path in (ROOT / "automl").rglob("*.py")
        if re.search(r"\.direction\b", path.read_text(encoding="utf-8"))
    ]
    told = re.search(r"(\d+) files read a `\.direction`", TEXT)
    assert told is not None and abs(int(told[1]) - len(found)) <= 3
