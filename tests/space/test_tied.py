"""Several hyperparameters under one name, decided by another choice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from automl.errors import SpaceError
from automl.space import Boolean, Choice, Float, Int, Ref, SearchSpace, tied
from automl.space.tied import ranged
from automl.vocabulary.ranges import Range

optimizer = Choice("optimizer", ["sgd", "momentum", "adam", "none"])
slow = Float("rate", 1e-4, 1e-2, log=True, default=1e-3)
fast = Float("rate", 1e-2, 1.0, log=True, default=0.1)
rates = tied("rate", optimizer, {("sgd", "momentum"): fast, "adam": slow})


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


def test_one_name_and_a_key_for_each_variant() -> None:
    space = SearchSpace("s", [optimizer, rates], build)
    assert space.names == ("optimizer", "rate")
    assert [parameter.key for parameter in rates] == ["rate[sgd]", "rate[adam]"]
    assert space.defaults().rate == 0.1
    assert space.configuration({"optimizer": "adam"}).rate == 1e-3
    assert "rate" not in space.configuration({"optimizer": "none"})


def test_conditions_read_whichever_variant_is_active() -> None:
    warm = Boolean("warm", when=Ref("rate") > 5e-3)
    space = SearchSpace("s", [optimizer, rates, warm], build)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        config = space.sample(rng)
        seen.add((config.optimizer, config.active("warm")))
        assert config.active("warm") == (config.get("rate", 0.0) > 5e-3)
    assert {("adam", True), ("adam", False), ("sgd", True), ("none", False)} <= seen


def test_a_further_condition_joins_the_parents() -> None:
    depth = Int("depth", 0, 3)
    both = tied("rate", optimizer, {"adam": slow}, when=depth > 1)
    assert str(both[0].condition) == 'optimizer == "adam" and depth > 1'


def test_a_tuple_that_is_an_option_is_an_option() -> None:
    shape = Choice("shape", [(3, 3), (5, 5)])
    made = tied("n", shape, {(3, 3): Int("n", 1, 2), (5, 5): Int("n", 3, 4)})
    assert SearchSpace("s", [shape, made], build).count() == 4


@pytest.mark.parametrize(
    ("variants", "message"),
    [
        ({"adamw": slow}, "has a variant for \"adamw\", which is not an option of 'optimizer'"),
        ({"adam": slow, ("sgd", "adam"): fast}, 'has two variants for "adam"'),
        ({}, "has no variants"),
    ],
)
def test_wrong_variants_are_named(variants: Any, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        tied("rate", optimizer, variants)
    assert message in str(caught.value)


def test_fragments_leave_out_what_the_parent_does_not_offer() -> None:
    momentum = Range("momentum", ("sgd", "nesterov"), 0.5, 0.99, 0.9, help="h", source="s")
    assert ranged(Choice("optimizer", ["adam"]), [momentum]) == []
    (made,) = ranged(optimizer, [momentum])
    assert isinstance(made, Float) and str(made.condition) == 'optimizer == "sgd"'


def test_several_ranges_of_one_name_are_its_variants() -> None:
    ranges = [
        Range("epochs", ("adam", "lion"), 5, 80, 20, help="h", source="s", log=True),
        Range("epochs", ("sgd",), 1, 3, 2, help="h", source="s", otherwise=1),
    ]
    adam, sgd = ranged(optimizer, ranges)
    assert isinstance(adam, Int) and (adam.key, sgd.key) == ("epochs[adam]", "epochs[sgd]")
    assert adam.default == 20 and adam.log and sgd.otherwise == 1
