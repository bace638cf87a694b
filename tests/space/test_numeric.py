"""Integers and floats: ranges, steps, logarithms, and declarations that contradict themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.space import Float, Int


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Int("n", 5, 1), "The range of Int 'n' is upside down: low 5 is above high 1"),
        (lambda: Float("r", 1.0, 0.5), "Float 'r' is upside down: low 1.0 is above high 0.5"),
        (lambda: Int("n", 0, 5, default=9), "The default 9 of Int 'n' is outside its range"),
        (lambda: Int("n", 0, 9, step=2, default=3), "default 3 of Int 'n' is outside its range"),
        (lambda: Float("r", 0.0, 1.0, default=math.nan), "The default nan of Float 'r'"),
        (lambda: Int("n", 0, 5, log=True), "Int 'n' is logarithmic and has low 0"),
        (lambda: Float("r", -1.0, 5.0, log=True), "logarithmic and has low -1.0"),
        (lambda: Int("n", 0, 5, step=0), "The step of Int 'n' is 0; it must be above 0"),
        (lambda: Float("r", 0.0, 5.0, step=-0.1), "The step of Float 'r' is -0.1"),
        (lambda: Int("n", 0.5, 5), "low of Int 'n' must be an integer, not 0.5"),
        (lambda: Int("n", False, 5), "low of Int 'n' must be an integer, not False"),
        (lambda: Float("r", "0", 5.0), "low of Float 'r' must be a number, not '0'"),
        (lambda: Float("r", 0.0, math.inf), "high of Float 'r' must be a number, not inf"),
        (lambda: Float("r", 0.1, 1.0, log=b"a"), "log of Float 'r' must be True or False"),
        (lambda: Int("", 0, 5), "'' cannot name a hyperparameter"),
        (lambda: Int("_n", 0, 5), "without a leading underscore"),
        (lambda: Int("a=b", 0, 5), "without a leading underscore and without ="),
        (lambda: Int("n", 0, 5, when="depth > 0"), "must be a comparison"),
    ],
)
def test_contradictions_are_named(make: Any, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [True, "3", 2.5, 6, -1, None, math.nan, math.inf, (1,)])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(SpaceError, match=r"'n'; expected an integer 0\.\.5"):
        Int("n", 0, 5).check(value)


def test_numbers_come_back_in_their_own_type() -> None:
    assert type(Int("n", 0, 5).check(np.int64(3))) is int
    assert type(Int("n", 0, 5).check(3.0)) is int
    assert type(Float("r", 0.0, 5.0).check(3)) is float
    assert Float("r", 0.0, 1.0, step=0.1).check(0.1 * 3) == 0.3


def test_the_standard_default_is_the_middle() -> None:
    assert Int("n", 0, 10).default == 5
    assert Int("n", 1, 100, log=True).default == 10
    assert Float("r", 1e-4, 1e-2, log=True).default == pytest.approx(1e-3)


def test_a_step_that_does_not_reach_high_ends_below_it() -> None:
    assert list(Int("n", 1, 10, step=4).grid_values()) == [1, 5, 9]
    assert list(Float("r", 0.0, 1.0, step=0.3).grid_values()) == [0.0, 0.3, 0.6, 0.9]
    assert Float("r", 0.1, 0.4, step=0.1).size == 4


def test_points_of_a_continuous_range() -> None:
    rate = Float("r", 1e-4, 1.0, log=True, default=0.01)
    assert list(rate.grid_values(5)) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1.0])
    assert list(rate.grid_values(1)) == [0.01]
    with pytest.raises(SpaceError, match="'r' is continuous"):
        list(rate.grid_values())


@given(
    low=st.integers(1, 50),
    span=st.integers(0, 500),
    step=st.integers(1, 20),
    log=st.booleans(),
    seed=st.integers(0, 9),
)
def test_integers_stay_on_their_steps(low: int, span: int, step: int, log: bool, seed: int) -> None:
    number = Int("n", low, low + span, step=step, log=log)
    values = list(number.grid_values())
    assert len(values) == number.size
    assert number.default in values
    rng = np.random.default_rng(seed)
    for value in (number.sample(rng) for _ in range(20)):
        assert value in values
    for value in values:
        assert number.snap(value) == value == number.check(value)


@given(
    low=st.floats(0.001, 10),
    span=st.floats(0, 10),
    step=st.one_of(st.none(), st.floats(0.01, 3)),
    log=st.booleans(),
    seed=st.integers(0, 9),
)
def test_floats_stay_on_their_steps(
    low: float, span: float, step: float | None, log: bool, seed: int
) -> None:
    number = Float("r", low, low + span, step=step, log=log)
    rng = np.random.default_rng(seed)
    for value in [number.default, *(number.sample(rng) for _ in range(20))]:
        assert number.low <= value <= number.high
        assert number.check(value) == value == number.snap(value)
    if step is not None and number.size < 500:
        values = list(number.grid_values())
        assert len(set(values)) == number.size
        assert all(number.contains(value) for value in values)


def test_logarithmic_sampling_gives_each_decade_its_share() -> None:
    rng = np.random.default_rng(0)
    rate = Float("r", 1e-4, 1.0, log=True)
    drawn = np.array([rate.sample(rng) for _ in range(4000)])
    shares = np.histogram(np.log10(drawn), bins=[-4, -3, -2, -1, 0])[0] / len(drawn)
    assert shares == pytest.approx([0.25] * 4, abs=0.03)
