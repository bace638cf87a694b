"""Mean and standard deviation of any floats: never an exception where Python's own raise one."""

from __future__ import annotations

import math
from statistics import StatisticsError, fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.averages import deviation_of, mean_of


@given(st.lists(st.floats(-1e100, 1e100), min_size=2))
def test_of_usual_numbers_they_are_pythons(values: list[float]) -> None:
    assert mean_of(values) == fmean(values)
    assert deviation_of(values) == stdev(values)


@given(st.lists(st.floats(), min_size=2))
def test_any_numbers_have_both(values: list[float]) -> None:
    assert isinstance(mean_of(iter(values)), float)
    assert isinstance(deviation_of(values), float)


def test_what_is_too_large_to_be_summed_has_a_mean() -> None:
    assert mean_of([1.5e308, 1.5e308]) == pytest.approx(1.5e308)
    assert mean_of([math.inf, 1.0]) == math.inf
    assert math.isnan(mean_of([math.inf, -math.inf]))
    assert deviation_of([1e308, -1e308, 0.0]) == pytest.approx(1e308)
    assert deviation_of([1.7e308, -1.7e308]) == math.inf
    assert math.isnan(deviation_of([math.inf, 1.0]))


def test_of_nothing_there_is_neither() -> None:
    with pytest.raises(StatisticsError):
        mean_of([])
    with pytest.raises(StatisticsError):
        deviation_of([1.0])
