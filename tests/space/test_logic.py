"""What conditions imply, compared with trying every configuration."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automl.space import Choice, Float, Int, Ref
from automl.space.enumeration import by_name
from automl.space.logic import satisfiable


@settings(max_examples=150)
@given(st.data())
def test_what_is_proven_impossible_never_happens(finite_spaces: Any, data: st.DataObject) -> None:
    space = data.draw(finite_spaces)
    named = by_name(space.hyperparameters)
    grid = list(space.grid())
    untied = all(len(variants) == 1 for variants in named.values())
    for first, second in combinations(space.hyperparameters, 2):
        happens = any(first.active(config) and second.active(config) for config in grid)
        possible = satisfiable([first.condition, second.condition], named)
        assert possible or not happens
        if untied:
            assert possible == happens


def test_bounds_on_wide_ranges() -> None:
    named = by_name([Float("rate", 0.0, 1.0), Int("n", 0, 10**9), Choice("c", ["a", "b"])])
    rate, n = Ref("rate"), Ref("n")
    assert not satisfiable([rate > 0.5, rate < 0.5], named)
    assert not satisfiable([rate > 0.5, rate <= 0.5], named)
    assert satisfiable([rate >= 0.5, rate <= 0.5], named)
    assert not satisfiable([rate > 1.0], named)
    assert not satisfiable([n < 0], named)
    assert not satisfiable([n == 5, n != 5], named)
    assert satisfiable([n.isin([5, 6]), n != 5], named)
    assert not satisfiable([Ref("c") == "z"], named)
    assert satisfiable([None], named)
