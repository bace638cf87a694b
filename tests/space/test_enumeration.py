"""The grid and the number of configurations, and that sampling and the grid agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.space import Boolean, Choice, Float, Int, SearchSpace


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


@given(st.data())
def test_the_count_is_the_length_of_the_grid(finite_spaces: Any, data: st.DataObject) -> None:
    space = data.draw(finite_spaces)
    grid = list(space.grid())
    assert len(set(grid)) == len(grid) == space.count()
    for config in grid[:20]:
        assert space.configuration(config) == config


@given(st.data())
def test_sampling_and_the_grid_agree(finite_spaces: Any, data: st.DataObject) -> None:
    space = data.draw(finite_spaces)
    grid = set(space.grid())
    rng = np.random.default_rng(0)
    drawn = {space.sample(rng) for _ in range(200 if len(grid) <= 8 else 20)}
    assert drawn <= grid
    assert space.defaults() in grid
    if len(grid) == 1:
        assert drawn == grid


def test_all_of_a_small_space_is_sampled() -> None:
    depth = Int("depth", 0, 2)
    space = SearchSpace("s", [depth, Choice("kind", ["a", "b"], when=depth > 0)], build)
    rng = np.random.default_rng(0)
    assert {space.sample(rng) for _ in range(200)} == set(space.grid())
    assert [dict(config) for config in space.grid()] == [
        {"depth": 0},
        {"depth": 1, "kind": "a"},
        {"depth": 1, "kind": "b"},
        {"depth": 2, "kind": "a"},
        {"depth": 2, "kind": "b"},
    ]


def test_a_continuous_one_needs_points() -> None:
    deep = Boolean("deep")
    rate = Float("rate", 0.0, 1.0, default=0.2, when=deep)
    space = SearchSpace("s", [deep, rate], build)
    assert space.count() == math.inf
    with pytest.raises(SpaceError, match=r"needs a number of points for its continuous .*\(rate\)"):
        space.grid()
    with pytest.raises(SpaceError, match="at least 1 point"):
        space.grid(0)
    assert [config.get("rate") for config in space.grid(3)] == [None, 0.0, 0.5, 1.0]
    # Where it can never be active it needs none.
    assert [dict(config) for config in space.override({"deep": False}).grid()] == [{"deep": False}]
    assert space.override({"rate": 0.4}).count() == 2


def test_a_space_too_large_to_list_is_counted() -> None:
    depth = Int("depth", 0, 3)
    switches = [Boolean(f"b{i}", when=depth > 0) for i in range(60)]
    last = Choice("last", ["a", "b", "c"], when=switches[0] & (depth > 2))
    # depth 0: 1; depth 1 and 2: 2 ** 60 each; depth 3: half of them with three of `last`.
    expected = 1 + 2 * 2**60 + 2**59 * (3 + 1)
    assert SearchSpace("s", [depth, *switches, last], build).count() == expected
