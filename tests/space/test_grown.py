"""A space of this package that has grown offers what a run recorded of it."""

from __future__ import annotations

import pytest

from automl.space import Boolean, Choice, Float, Int, SearchSpace
from automl.space.grown import has_only_grown, offers
from automl.space.registry import find_space, list_spaces

NOW = SearchSpace(
    "own",
    [
        Int("layers", 1, 4),
        Float("rate", 0.1, 0.5),
        Choice("kind", ["a", "b", 1]),
        Boolean("new"),
    ],
    lambda *_: None,
)


@pytest.mark.parametrize(
    ("recorded", "is_offered"),
    [
        ([], True),
        ([Int("layers", 2, 4)], True),
        ([Int("layers", 1, 5)], False),
        ([Int("layers", 0, 4)], False),
        ([Float("rate", 0.1, 0.2), Choice("kind", ["b"])], True),
        ([Float("rate", 0.0, 0.2)], False),
        ([Int("rate", 0, 1)], False),
        ([Choice("kind", ["a", "c"])], False),
        ([Choice("kind", [True])], False),
        ([Choice("layers", [1, 2])], False),
        ([Int("gone", 1, 2)], False),
    ],
)
def test_all_values_of_a_record_have_to_be_there(recorded: list, is_offered: bool) -> None:
    assert offers(NOW, recorded) is is_offered


def test_a_space_offers_itself_and_what_is_left_of_it() -> None:
    for entry in list_spaces():
        space = find_space(entry.name)
        assert offers(space, space.hyperparameters)
        assert offers(space, space.hyperparameters[1:])


def test_another_space_is_none_that_has_grown() -> None:
    mlp, linear = find_space("mlp"), find_space("linear")
    assert has_only_grown(mlp, mlp.with_hyperparameters(mlp.hyperparameters[:-3]))
    assert not has_only_grown(mlp, linear)
    assert not has_only_grown(find_space("senet"), find_space("resnet"))


def test_configurations_of_before_mean_what_they_meant() -> None:
    space = find_space("mlp")
    older = {k: v for k, v in space.defaults().to_json().items() if "numeric_" not in k}
    assert space.defaults().numeric_embedding == "piecewise_linear"
    read = space.configuration(older, check=False)
    assert read.numeric_embedding == "none" and not read.active("numeric_bins")
    own = SearchSpace("own", [Choice("numeric_embedding", ["a", "none"])], lambda *_: None)
    assert own.configuration({}, check=False).numeric_embedding == "a"
