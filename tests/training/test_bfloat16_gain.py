"""How many times as fast convolutions are in bfloat16."""

from __future__ import annotations

import multiprocessing

import pytest

from automl.training import bfloat16_gain as file
from automl.training.bfloat16_gain import bfloat16_gain, gain_in_child


def test_it_is_float32_over_bfloat16_and_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {"float32": 3.0, "bfloat16": 1.5}
    measured: list[str] = []

    def seconds(dtype: str) -> float:
        measured.append(dtype)
        return taken[dtype]

    monkeypatch.setattr(file, "_seconds", seconds)
    bfloat16_gain.cache_clear()
    assert bfloat16_gain() == 2.0 == bfloat16_gain()
    assert sorted(measured) == ["bfloat16", "float32"]
    bfloat16_gain.cache_clear()


def test_a_machine_has_one() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(gain_in_child, (None,)) > 0.0
