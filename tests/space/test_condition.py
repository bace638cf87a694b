"""Conditions: reading, negating, spelling and saving them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.space import Boolean, Choice, Int, Ref
from automl.space.condition import as_condition, condition_from_json, spell

depth = Int("depth", 0, 5)
kind = Choice("kind", ["none", "batch", "layer"])
skip = Boolean("skip")

VALUES = st.fixed_dictionaries(
    {},
    optional={
        "a": st.integers(0, 3),
        "b": st.integers(0, 3),
        "c": st.sampled_from(["x", "y", "z"]),
        "d": st.booleans(),
    },
)


@given(st.data(), VALUES)
def test_negation_obeys_de_morgan(any_conditions: Any, data: st.DataObject, values: Any) -> None:
    first, second = data.draw(any_conditions), data.draw(any_conditions)
    assert (~(first & second)).holds(values) == (~first | ~second).holds(values)
    assert (~(first | second)).holds(values) == (~first & ~second).holds(values)
    assert (~~first).holds(values) == first.holds(values)
    assert (first & second).holds(values) == (first.holds(values) and second.holds(values))
    assert (first | second).holds(values) == (first.holds(values) or second.holds(values))


@given(st.data(), VALUES)
def test_a_condition_and_its_negation_never_both_hold(
    any_conditions: Any, data: st.DataObject, values: Any
) -> None:
    condition = data.draw(any_conditions)
    both = (condition.holds(values), (~condition).holds(values))
    assert both != (True, True)
    if set(condition.names) <= set(values):
        assert True in both


@pytest.mark.parametrize("value", range(-1, 5))
def test_each_comparison_and_its_negation(value: int) -> None:
    here = {"depth": value}
    pairs = [
        (depth == 2, value == 2),
        (depth != 2, value != 2),
        (depth < 2, value < 2),
        (depth <= 2, value <= 2),
        (depth > 2, value > 2),
        (depth >= 2, value >= 2),
        (depth.isin([1, 2]), value in (1, 2)),
    ]
    for condition, expected in pairs:
        assert condition.holds(here) is expected
        assert (~condition).holds(here) is not expected


@given(st.data(), VALUES)
def test_a_condition_survives_json(any_conditions: Any, data: st.DataObject, values: Any) -> None:
    condition = data.draw(any_conditions)
    again = condition_from_json(json.loads(json.dumps(condition.to_json())))
    assert again == condition
    assert again.holds(values) == condition.holds(values)


@pytest.mark.parametrize(
    "condition",
    [depth > 0, depth == 0, depth != 1, ~(depth > 0), kind.isin(["batch"]), ~(kind == "batch")],
)
def test_a_comparison_with_an_inactive_one_is_false(condition: Any) -> None:
    assert not condition.holds({})


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ((depth > 1) & (kind != "none"), 'depth > 1 and kind != "none"'),
        ((depth > 1) & ((kind == "batch") | skip), 'depth > 1 and (kind == "batch" or skip)'),
        (~(skip & (depth <= 2)), "not skip or depth > 2"),
        (kind.isin(["batch", "layer"]), 'kind in ("batch", "layer")'),
        (~kind.isin(["batch", "layer"]), 'kind not in ("batch", "layer")'),
        (kind.isin(["batch"]), 'kind == "batch"'),
        (skip | (depth > 1), "skip or depth > 1"),
        ((depth > 1) & (depth > 1), "depth > 1"),
        (~skip, "not skip"),
        (Ref("rate") < 0.1, "rate < 0.1"),
        (Ref("size") == (3, 3), "size == (3, 3)"),
    ],
)
def test_conditions_read_like_conditions(condition: Any, text: str) -> None:
    assert str(condition) == text


def test_python_words_in_place_of_operators_are_refused() -> None:
    with pytest.raises(TypeError, match="join conditions with &"):
        _ = depth > 0 and kind == "batch"
    with pytest.raises(TypeError, match="join conditions with &"):
        _ = 0 < depth < 3
    with pytest.raises(TypeError, match="'skip' is not true or false"):
        _ = skip and depth > 1


def test_what_is_no_condition_is_refused() -> None:
    with pytest.raises(SpaceError, match="must be a comparison such as"):
        as_condition("depth > 0")
    with pytest.raises(SpaceError, match="must be a comparison"):
        _ = (depth > 0) & kind
    with pytest.raises(SpaceError, match="needs at least one value"):
        kind.isin([])
    with pytest.raises(SpaceError, match=r"write kind.isin\(\['batch'\]\)"):
        kind.isin("batch")
    with pytest.raises(SpaceError, match="with a plain value"):
        _ = depth > Int("width", 1, 2)
    with pytest.raises(SpaceError, match="not the JSON form of a condition"):
        condition_from_json({"name": "depth", "operator": "~", "value": 1})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_spelled_float_is_a_float(value: float) -> None:
    text = spell(value)
    assert float(text) == pytest.approx(value, rel=1e-8)
    assert any(mark in text for mark in ".e")
