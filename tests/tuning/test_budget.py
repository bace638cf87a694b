"""The clock of a search: what is kept back for the export."""

from __future__ import annotations

import pytest

from automl.tuning.budget import EXPORT_IMPORTS, EXPORT_RESERVE, Clock, SearchBudget


def left(seconds: float, imports: float) -> float:
    clock = Clock(
        SearchBudget(None, seconds), started=0.0, now=lambda: 0.0, import_seconds=lambda: imports
    )
    time_left = clock.left_for_trials()
    assert time_left is not None
    return time_left


def test_a_slow_machine_keeps_more_time_back_for_the_export() -> None:
    assert left(60.0, 0.0) == 60.0 - EXPORT_RESERVE
    assert left(60.0, 1.0) == 60.0 - EXPORT_RESERVE
    assert left(60.0, 8.0) == 60.0 - 8.0 * EXPORT_IMPORTS
    assert left(3600.0, 8.0) == pytest.approx(3600.0 * 0.98)


def test_trials_get_half_of_a_short_time_at_least() -> None:
    assert left(10.0, 30.0) == 5.0
