"""What makes a search space wrong, and the sentence that says so."""

from __future__ import annotations

from typing import Any

import pytest

from automl.errors import SpaceError
from automl.space import Choice, Float, Int, Ref, SearchSpace

depth = Int("depth", 0, 3)
kind = Choice("kind", ["none", "batch"])


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            [depth, Int("width", 1, 2, when=Ref("dept") > 0)],
            "The condition of 'width' (dept > 0) reads 'dept', which is not a hyperparameter of "
            "search space 's'; did you mean 'depth'?",
        ),
        (
            [Int("a", 1, 2, when=Ref("b") > 1), Int("b", 1, 2, when=Ref("a") > 1)],
            "The conditions of search space 's' go in a circle (a -> b -> a); drop one of them.",
        ),
        ([Int("a", 1, 2, when=Ref("a") > 1)], "go in a circle (a -> a)"),
        (
            [depth, Int("depth", 1, 2)],
            "Search space 's' has two hyperparameters named 'depth' that can be active together "
            "(always; always)",
        ),
        (
            [depth, Int("n", 1, 2, when=depth > 0), Int("n", 3, 4, when=depth > 1)],
            "two hyperparameters named 'n' that can be active together (when depth > 0; when "
            "depth > 1)",
        ),
        (
            [kind, Int("n", 1, 2, when=kind == "layer")],
            "The condition of 'n' (kind == \"layer\") names \"layer\", which 'kind' never is: its "
            "options are none, batch.",
        ),
        ([kind, Int("n", 1, 2, when=kind > 1)], "orders values that have no order"),
        ([depth, Int("n", 1, 2, when=depth > "1")], "orders values that have no order"),  # type: ignore[operator]
        ([Int("items", 1, 2)], "named 'items', which is the name of something a configuration"),
        ([depth, "width"], "has 'width' among its hyperparameters; expected Int, Float"),
        (depth, "needs a list of hyperparameters"),
    ],
)
def test_contradictions_are_named(parameters: Any, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        SearchSpace("s", parameters, build)
    assert message in str(caught.value)


def test_the_rest_of_a_space_is_checked() -> None:
    with pytest.raises(SpaceError, match="inputs 'matrix'; expected 'vector', 'table' or 'image'"):
        SearchSpace("s", [depth], build, inputs="matrix")  # type: ignore[arg-type]
    with pytest.raises(SpaceError, match="'' cannot name a search space"):
        SearchSpace("", [depth], build)
    with pytest.raises(SpaceError, match="builder of search space 's' is 3; expected a function"):
        SearchSpace("s", [depth], 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (depth == 0, depth > 0),
        (depth <= 1, depth >= 2),
        ((depth == 0) | (kind == "batch"), (depth > 0) & (kind != "batch")),
        (Ref("rate") < 0.1, Ref("rate") >= 0.1),
        # The second reads `rate`, which is inactive where the first holds.
        (kind == "none", Ref("rate") > 0.0),
    ],
)
def test_one_name_twice_where_the_conditions_exclude_each_other(first: Any, second: Any) -> None:
    rate = Float("rate", 0.01, 1.0, when=kind == "batch")
    space = SearchSpace(
        "s", [depth, kind, rate, Int("n", 1, 2, when=first), Int("n", 3, 4, when=second)], build
    )
    assert [parameter.key for parameter in space.hyperparameters if parameter.name == "n"] == [
        "n",
        "n[2]",
    ]


def test_parents_come_first_and_the_order_is_kept_otherwise() -> None:
    space = SearchSpace(
        "s",
        [Int("z", 0, 1), Int("width", 1, 2, when=(Ref("depth") > 0)), [[Int("a", 0, 1)], depth]],
        build,
    )
    assert space.names == ("z", "a", "depth", "width")


@pytest.mark.parametrize("inputs", [[], {}, None, 0, "matrix"])
def test_inputs_are_one_of_the_known_names(inputs: Any) -> None:
    with pytest.raises(SpaceError, match=r"inputs|gets"):
        SearchSpace("own", [Int("width", 1, 8)], lambda config, x, task: x, inputs=inputs)
