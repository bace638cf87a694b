"""Measuring what is not yet in the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.recorded import measure_missing


@dataclass(frozen=True)
class Measured:
    name: str
    value: float


def test_each_is_measured_once_and_kept_at_once(tmp_path: Path) -> None:
    records, made, said = tmp_path / "r.jsonl", list[str](), list[Measured]()

    def measure(name: str) -> Measured:
        made.append(name)
        assert len(records.read_text().splitlines() if records.exists() else ()) == len(made) - 1
        return Measured(name, 0.5)

    def pending(*names: str) -> Iterator[tuple[str, Callable[[], Measured]]]:
        for name in names:
            yield name, partial(measure, name)

    def names(*asked: str) -> list[str]:
        found = measure_missing(
            records, Measured, lambda one: one.name, pending(*asked), said.append
        )
        return [one.name for one in found]

    assert names("a", "b") == ["a", "b"] == made
    assert names("b", "c", "a") == ["a", "b", "c"] == made
    assert said == [Measured(name, 0.5) for name in made]
