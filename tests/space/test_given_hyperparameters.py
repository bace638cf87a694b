"""Hyperparameters given beside a builder count in place of its own, as in KerasTuner."""

from __future__ import annotations

import json
from typing import Any

import keras_tuner
import pytest

from automl.errors import RequestError, SpaceError
from automl.space import Choice, Float, Int, SearchSpace
from automl.space.given_hyperparameters import with_hyperparameters
from automl.space.keras_tuner import hyper_space
from automl.tuning.keras_tuner_hyperparameters import given_forms


def build(hp: Any) -> Any:
    return None


def declared() -> SearchSpace:
    kind = Choice("kind", ["a", "b"])
    return hyper_space(build, "nets.py:build").extended(
        [kind, Int("units", 8, 64, when=kind == "b"), Float("rate", 1e-4, 1e-1, log=True)]
    )


def rows_of(space: SearchSpace) -> list[tuple[str, str, str, str]]:
    return [(row.name, row.values, row.default, row.condition) for row in space.describe()]


def given() -> Any:
    hp = keras_tuner.HyperParameters()
    hp.Fixed("rate", 0.5)  # also outside the builder's range
    hp.Int("units", 100, 200, step=50, default=150)
    return hp


def test_range_and_default_are_the_given_ones_and_the_condition_is_the_builder_s() -> None:
    forms = json.loads(json.dumps(given_forms(given())))
    space = with_hyperparameters(declared(), forms)
    assert rows_of(space) == [
        ("kind", "a, b", "a", ""),
        ("units", "100..200, step 50", "150", 'kind == "b"'),
        ("rate", "0.5", "0.5", ""),
    ]
    assert space.reference == "nets.py:build"


def test_others_have_their_defaults_where_new_entries_are_not_tuned() -> None:
    space = with_hyperparameters(declared(), given_forms(given()), tune_new_entries=False)
    assert rows_of(space)[0] == ("kind", "a", "a", "")
    assert space.defaults().to_json() == {"kind": "a", "rate": 0.5}


def test_others_are_refused_where_they_are_not_allowed() -> None:
    with pytest.raises(SpaceError, match=r"not given \(kind\), and allow_new_entries is False"):
        with_hyperparameters(declared(), given_forms(given()), allow_new_entries=False)


def test_what_the_builder_does_not_declare_joins_the_space() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Boolean("more")
    assert with_hyperparameters(declared(), given_forms(hp)).names[-1] == "more"


def test_without_any_a_space_stays_as_it_is() -> None:
    space = SearchSpace("s", [Int("n", 1, 3)], lambda config, inputs, task: inputs)
    assert with_hyperparameters(space, ()) is space
    with pytest.raises(RequestError, match="the space 's' is another; give values and ranges"):
        with_hyperparameters(space, given_forms(given()))


@pytest.mark.parametrize("wrong", [{"units": 64}, 3, "units", keras_tuner.HyperModel])
def test_what_is_no_hyperparameters_is_refused(wrong: Any) -> None:
    with pytest.raises(RequestError, match=r"give a keras_tuner\.HyperParameters"):
        given_forms(wrong)
    assert given_forms(None) == ()


def test_one_that_is_given_needs_no_share_of_the_builder_s_range() -> None:
    shared = hyper_space(build).extended([Float("units.share", 0.0, 1.0)])
    space = with_hyperparameters(shared, given_forms(given()))
    assert rows_of(space)[0] == ("units", "100..200, step 50", "150", "")
