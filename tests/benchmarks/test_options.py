"""Searches without and with options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import options
from benchmarks.options import Searched, main


def test_each_set_is_searched_in_both_ways_and_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, int, str]] = []

    def search(name: str, given: Sequence[str], seed: int, words: str, run: Path) -> Searched:
        run.mkdir()
        asked.append((name, seed, words))
        return Searched(name, seed, words, 0.4 if words else 0.5, 0.8, "0", 20.0)

    monkeypatch.setattr(options, "search", search)
    sets = [("one", ["one.npz"]), ("two", ["two.npz"])]
    monkeypatch.setattr(options, "searches", lambda *_: iter(sets))
    for name in options.FILES:
        (tmp_path / name).touch()
    words = [
        "--folder",
        str(tmp_path),
        "--with=--set x=1",
        "--records",
        str(tmp_path / "o.jsonl"),
        "--seeds",
        "2",
    ]
    main([*words, "--only", "two", "--output", str(tmp_path / "r.md")])
    assert asked == [("two", seed, ways) for seed in (0, 1) for ways in ("", "--set x=1")]
    table = (tmp_path / "r.md").read_text()
    assert "| two | 2 | 0.5 | 0.4 | 0.800 x/÷ 1.000 | 100% |" in table
    main([*words, "--only", "two", "--output", str(tmp_path / "r.md")])  # from its records
    assert len(asked) == 4
