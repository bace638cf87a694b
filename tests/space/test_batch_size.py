"""The batch size as an option of any search: fixed, narrowed or added."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import RequestError, SpaceError
from automl.space import Choice, Int, SearchSpace
from automl.space.batch_size import with_batch_size


def nothing(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


def space(*hyperparameters: Any) -> SearchSpace:
    return SearchSpace("s", list(hyperparameters), nothing)


WITHOUT = space(Int("depth", 0, 3))
CHOICE = space(Choice("batch_size", [16, 32, 64], default=32))
RANGE = space(Int("batch_size", 16, 256, log=True, default=32))


def values_of(made: SearchSpace) -> tuple[str, str]:
    (row,) = [row for row in made.describe() if row.name == "batch_size"]
    return row.values, row.default


@pytest.mark.parametrize(
    ("asked", "values", "default"),
    [
        (64, "64", "64"),
        ("64", "64", "64"),
        ("128,16", "128, 16", "16"),
        ([16, 128], "16, 128", "16"),
        ((8,), "8", "8"),
        ("16:256", "16..256, log", "32"),
        ("64:256", "64..256, log", "64"),
        ("64:64", "64", "64"),
    ],
)
def test_a_space_without_one_gets_it(asked: Any, values: str, default: str) -> None:
    made = with_batch_size(WITHOUT, asked)
    assert values_of(made) == (values, default)
    assert [parameter.name for parameter in made.hyperparameters] == ["depth", "batch_size"]


@pytest.mark.parametrize(
    ("had", "asked", "values"),
    [
        (CHOICE, 64, "64"),
        (CHOICE, "16,64", "16, 64"),
        (CHOICE, 48, "48"),
        (CHOICE, "20:100", "32, 64"),
        (RANGE, 64, "64"),
        (RANGE, "32:64", "32..64, log"),
    ],
)
def test_one_that_has_it_gets_it_fixed_or_narrowed(
    had: SearchSpace, asked: Any, values: str
) -> None:
    assert values_of(with_batch_size(had, asked))[0] == values


def test_a_range_that_does_not_hold_it_is_named() -> None:
    with pytest.raises(SpaceError, match=r"cannot be set to 512; its range is 16\.\.256"):
        with_batch_size(RANGE, 512)


def test_without_the_option_a_space_stays_as_it_is() -> None:
    assert with_batch_size(WITHOUT, None) is WITHOUT


@pytest.mark.parametrize(
    "wrong", [0, -8, "0", "abc", "1.5", 1.5, True, [], "8,", "16:", ":64", "64:16", "1:2:3"]
)
def test_what_is_no_batch_size_is_refused(wrong: Any) -> None:
    with pytest.raises(RequestError, match="give rows in a step, as a whole number above 0"):
        with_batch_size(WITHOUT, wrong)


@given(st.integers(1, 10**6))
def test_any_number_of_rows_is_one(rows: int) -> None:
    assert with_batch_size(WITHOUT, str(rows)).defaults()["batch_size"] == rows
