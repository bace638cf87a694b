"""What a space tries first: its portfolio, and what of it is left where the space is narrowed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from automl.errors import SpaceError
from automl.space import Choice, Float, Int, SearchSpace

DEPTH = Int("depth", 0, 6, step=2, default=2)
WIDTH = Choice("width", [16, 32, 64], default=32, when=DEPTH > 0)
RATE = Float("rate", 1e-4, 1e-1, log=True, default=1e-3)
KIND = Choice("kind", ["a", "b", "c"])


def space(*portfolio: Any) -> SearchSpace:
    return SearchSpace("s", [DEPTH, WIDTH, RATE, KIND], None, portfolio=portfolio)


def first(one: SearchSpace) -> list[dict[str, Any]]:
    return [dict(config) for config in one.first_configurations()]


DEFAULTS = {"depth": 2, "width": 32, "rate": 1e-3, "kind": "a"}


def test_without_a_portfolio_the_defaults_are_first() -> None:
    assert first(space()) == [DEFAULTS]


def test_the_defaults_come_first_and_each_once() -> None:
    made = space({"kind": "b"}, {}, {"depth": 0}, {"kind": "b", "width": 32})
    assert first(made) == [
        DEFAULTS,
        {**DEFAULTS, "kind": "b"},
        {"depth": 0, "rate": 1e-3, "kind": "a"},
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rate": 0.05}, {"depth": 6, "width": 64, "rate": 0.05, "kind": "b"}),
        ({"rate": "0.0002:0.002"}, {"depth": 6, "width": 64, "rate": 0.002, "kind": "b"}),
        ({"depth": "2:4"}, {"depth": 4, "width": 64, "rate": 0.01, "kind": "b"}),
        ({"width": [16, 32]}, {"depth": 6, "width": 32, "rate": 0.01, "kind": "b"}),
        ({"kind": ["a", "b"]}, {"depth": 6, "width": 64, "rate": 0.01, "kind": "b"}),
        ({"kind": "c"}, None),
        ({"depth": 0}, None),
    ],
)
def test_what_was_asked_for_stands_above_an_entry(changes: Any, expected: Any) -> None:
    made = space({"depth": 6, "width": 64, "rate": 0.01, "kind": "b"}).override(changes)
    assert first(made)[1:] == ([] if expected is None else [expected])


def test_it_is_saved_and_is_no_part_of_the_hash() -> None:
    made = space({"kind": "b"})
    again = SearchSpace.from_json(json.loads(json.dumps(made.to_json())))
    assert first(again) == first(made)
    assert made.hash() == space().hash() == again.hash()
    assert "portfolio" not in space().to_json()
    assert first(made.with_reference("somewhere")) == first(made)


@pytest.mark.parametrize(
    ("portfolio", "message"),
    [
        ("b", "expected a list of dictionaries"),
        ({"kind": "b"}, "expected a list of dictionaries"),
        (["b"], "holds 'b'; expected a dictionary"),
        ([{"kind": "d"}], '"d" is not a value of .kind.'),
        ([{"colour": "d"}], "no hyperparameter 'colour'"),
        ([{"depth": 0, "width": 16}], "inactive"),
    ],
)
def test_a_wrong_portfolio_is_refused(portfolio: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        SearchSpace("s", [DEPTH, WIDTH, RATE, KIND], None, portfolio=portfolio)
