"""Steps of image models in both precisions, from calls and numbers that are made up."""

from __future__ import annotations

import pytest

from benchmarks import precision_steps
from benchmarks.precision_steps import FAMILIES, GAIN, in_turns, main, section


def test_timings_are_made_in_turns() -> None:
    calls: list[str] = []
    steps = {name: lambda name=name: calls.append(name) for name in ("a", "b")}
    took = in_turns(steps, 2, 0.0)
    assert calls == ["a", "b"] * 3
    assert all(0.0 <= each < 0.1 for each in took.values())


def test_the_section_has_a_row_a_family_and_what_a_search_measures() -> None:
    found = {
        GAIN: {"float32": 2.4, "bfloat16": 1.0},
        "resnet": {"float32": 2000.0, "bfloat16": 1000.0},
    }
    text = section(found, "python -m benchmarks.precision_steps", 0.1)
    assert text.startswith("## Steps of image models in bfloat16")
    assert "**2.40 times**" in text
    assert text.endswith("| resnet | 2,000 | 1,000 | 2.00 |")


def test_every_family_is_measured_after_what_a_search_measures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def measure(family: str, timings: int, seconds: float) -> dict[str, float]:
        asked.append(family)
        return {"float32": 3.0, "bfloat16": 2.0}

    monkeypatch.setattr(precision_steps, "measure_apart", measure)
    main(["--seconds", "0.1"])
    assert asked == [GAIN, *FAMILIES]
    assert capsys.readouterr().out.count("1.50") == 2 * (1 + len(FAMILIES))
