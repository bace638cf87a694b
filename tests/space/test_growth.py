"""Spaces that grow: what joins, what stays, and what two of one name come to."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.space import Boolean, Choice, Float, Int, SearchSpace
from automl.space.hyperparameter import Hyperparameter

KIND = Choice("kind", ["a", "b", "c"])
BASE = SearchSpace("base", [KIND, Int("n", 1, 9)], None)


def test_new_ones_join_at_the_end_and_known_ones_stay() -> None:
    grown = BASE.extended([Int("n", 5, 6), Float("rate", 0.1, 0.2), Boolean("flag")])
    assert grown.names == ("kind", "n", "rate", "flag")
    assert grown.hyperparameters[:2] == BASE.hyperparameters
    assert BASE.extended([Int("n", 5, 6)]) is BASE
    assert grown.extended(grown.hyperparameters) is grown


def test_reference_and_builder_stay() -> None:
    space = SearchSpace("s", [], lambda config, inputs, task: None).with_reference("file.py:s")
    grown = space.extended([KIND])
    assert (grown.reference, grown.build) == (space.reference, space.build)


def test_one_name_under_exclusive_conditions_gets_labels() -> None:
    grown = BASE.extended([Int("units", 1, 5, when=KIND.isin([name])) for name in ("a", "b", "c")])
    assert [p.key for p in grown.hyperparameters[2:]] == ["units", "units[2]", "units[3]"]
    assert [str(p.condition) for p in grown.hyperparameters[2:]] == [
        'kind == "a"', 'kind == "b"', 'kind == "c"',
    ]  # fmt: skip


def test_an_overlap_belongs_to_the_first() -> None:
    grown = BASE.extended([Int("x", 1, 2, when=KIND == "a"), Int("x", 10, 20, when=KIND != "c")])
    assert str(grown.hyperparameters[-1].condition) == 'kind != "c" and kind != "a"'
    assert grown.configuration({"kind": "a"})["x"] == 1
    assert grown.configuration({"kind": "b"})["x"] == 15


def test_a_parent_that_was_found_before_its_child_may_be_read() -> None:
    outer = Boolean("outer", when=KIND == "b")
    grown = BASE.extended([outer, Int("inner", 1, 3, when=outer)])
    assert "inner" in grown.configuration({"kind": "b", "outer": True})


@st.composite
def found(draw: st.DrawFn) -> list[Hyperparameter]:
    made: list[Hyperparameter] = []
    for number in range(draw(st.integers(1, 6))):
        options = draw(st.sets(st.sampled_from("abc"), min_size=1))
        when = None if draw(st.booleans()) else KIND.isin(sorted(options))
        low = draw(st.integers(0, 5))
        made.append(Int(draw(st.sampled_from("xyz")), low, low + number, when=when))
    return made


@given(found(), st.integers(0, 2**32 - 1))
def test_a_grown_space_is_a_space(parts: list[Hyperparameter], seed: int) -> None:
    grown = BASE.extended(parts)
    keys = [parameter.key for parameter in grown.hyperparameters]
    assert len(set(keys)) == len(keys)
    assert SearchSpace.from_json(json.loads(json.dumps(grown.to_json()))).hash() == grown.hash()
    config = grown.sample(np.random.default_rng(seed))
    for part in parts:  # whatever one of them wants is there: of several, the first one's value
        if part.active(config):
            assert part.name in config
    assert len(grown.optuna_params(config)) == len(config)
    one_by_one = BASE
    for part in parts:
        one_by_one = one_by_one.extended([part])
    assert one_by_one.hash() == grown.hash()


def test_a_name_that_no_space_can_have_is_told() -> None:
    from automl.errors import SpaceError

    with pytest.raises(SpaceError, match="cannot name a hyperparameter"):
        BASE.extended([Int("a=b", 1, 2)])
