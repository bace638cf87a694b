"""Choices and booleans: options, defaults, and declarations that contradict themselves."""

from __future__ import annotations

import math
from typing import Any

import pytest

from automl.errors import SpaceError
from automl.space import Boolean, Choice


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Choice("c", []), "Choice 'c' has no options"),
        (lambda: Choice("c", ["a", "b", "a"]), "Choice 'c' has the option \"a\" twice"),
        (lambda: Choice("c", [1, True]), "has the option True twice"),
        (lambda: Choice("c", "ab"), "The options of Choice 'c' must be a list, not 'ab'"),
        (lambda: Choice("c", [math.nan]), "has the option nan; options are text, finite numbers"),
        (lambda: Choice("c", [{"a": 1}]), "has the option {'a': 1}"),
        (lambda: Choice("c", [("a", object)]), "options are text"),
        (lambda: Choice("c", ["a"], default="b"), "The default \"b\" of Choice 'c' is outside"),
        (lambda: Boolean("b", default="yes"), "The default \"yes\" of Boolean 'b' is outside"),
        (lambda: Boolean("b", default=1), "The default 1 of Boolean 'b' is outside"),
    ],
)
def test_contradictions_are_named(make: Any, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        make()
    assert message in str(caught.value)


def test_the_first_option_is_the_default() -> None:
    assert Choice("c", ["a", "b"]).default == "a"
    assert Choice("c", ["a", None], default=None).default is None
    assert Choice("c", ["a", "b"], default=None).default == "a"
    assert Boolean("b").default is False


def test_true_and_one_are_different_answers() -> None:
    assert not Choice("c", [0, 1]).contains(True)
    assert not Boolean("b").contains(1)
    assert Boolean("b").check(True) is True


def test_tuples_come_back_from_lists() -> None:
    sizes = Choice("sizes", [(3, 3), [5, [1, None]]])
    assert sizes.options == ((3, 3), (5, (1, None)))
    assert sizes.check([5, [1, None]]) == (5, (1, None))


def test_a_boolean_takes_no_options() -> None:
    with pytest.raises(TypeError):
        Boolean("b", True)  # type: ignore[misc]
