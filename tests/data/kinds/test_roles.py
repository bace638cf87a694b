"""Roles: columns found by name or position, and contradictions refused."""

from __future__ import annotations

import pandas as pd
import pytest

from automl.data.kinds.roles import find_roles
from automl.data.request import DataRequest
from automl.errors import DataError

FRAME = pd.DataFrame([[0] * 5], columns=["id", "a", "b", "7", "y"])
HEADLESS = pd.DataFrame([[0] * 3], columns=["39", " Private", "77516"])


def roles(frame=FRAME, from_text=True, known=(), **options):
    return find_roles(DataRequest("t.csv", **options), frame, known, from_text)


@pytest.mark.parametrize(("target", "found"), [("y", "y"), (-1, "y"), ("4", "y"), (1, "a")])
def test_the_target_is_found_by_name_or_position(target, found):
    assert roles(target=target).targets == (found,)


def test_a_name_comes_before_a_position():
    assert roles(target="7").targets == ("7",)


def test_every_part_leaves_the_features():
    found = roles(target="y", ignore=["id"], weight="a", group="b")
    assert found.features == ("7",) and found.needed == ("7", "y", "a")
    assert roles(known=("y",)).targets == ("y",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "No target was given.*'id', 'a', 'b', '7', 'y'"),
        ({"target": "yy"}, "no target column 'yy'"),
        ({"target": 5}, "position 5: the table has 5 columns"),
        ({"target": "y", "ignore": ["idd"]}, "no ignored column 'idd'; did you mean 'id'"),
        ({"target": "y", "weight": "y"}, "cannot be both target and weight"),
        ({"target": "y", "ignore": "y"}, "cannot be both target and ignored"),
        ({"target": ["y", -1]}, "was given twice"),
        ({"target": "y", "ignore": ["id", "a", "b", "7"]}, "no column to learn from"),
        ({"target": "y", "categorical": "q"}, "no categorical column 'q'"),
    ],
)
def test_columns_that_cannot_be_used_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        roles(**options)


@pytest.mark.parametrize("target", ["y", 3])
def test_a_separator_that_was_not_found_is_pointed_out(target):
    frame = pd.DataFrame([["1~2"]], columns=["x~y"])
    with pytest.raises(DataError, match=r"'x~y', was read as one name.* --separator"):
        roles(frame, target=target)
    with pytest.raises(DataError, match=r"one name|besides the target|Besides the target"):
        roles(frame, target=0)
    with pytest.raises(DataError) as refused:
        roles(frame, from_text=False, target=target)
    assert "--separator" not in str(refused.value)


def test_a_missing_header_is_pointed_out():
    for target in ("income", -1):
        with pytest.raises(DataError, match="--names"):
            roles(HEADLESS, target=target)
    assert roles(HEADLESS, from_text=False, target=-1).targets == ("77516",)
