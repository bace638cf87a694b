"""Reshuffled rows: told by seed and trial, test rows apart, what belongs together together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.prepare import RowsAgain, prepare
from automl.data.request import DataRequest
from automl.errors import DataError, RequestError


def table(sets: int, copies: int = 1) -> pd.DataFrame:
    number = np.repeat(np.arange(sets), copies)
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "a": number * 0.37 + 0.01,
            "b": rng.normal(size=sets)[number],
            "group": number // 2,
            "y": np.where(number % 3 == 0, "yes", "no"),
        }
    )


def numbers(rows: Any, plan: Any) -> set[int]:
    """Which rows of the table these are, by their first column, scaled back."""
    feature = plan.inputs.features[0]
    values = rows.inputs["numeric"][:, 0] * feature.std + feature.mean
    return set(np.round((values - 0.01) / 0.37).astype(int).tolist())


def request(frame: pd.DataFrame, **options: Any) -> DataRequest:
    return DataRequest(
        frame, ("y",), **{"holdout": "reshuffle", "clip": "none", "input": "standardize", **options}
    )


@settings(max_examples=8, deadline=None)
@given(
    trial=st.integers(0, 10**6),
    seed=st.integers(0, 50),
    copies=st.integers(1, 3),
    group=st.sampled_from([None, "group"]),
)
def test_rows_are_divided_anew_and_belong_together(
    trial: int, seed: int, copies: int, group: str | None
) -> None:
    asked = request(table(60, copies), seed=seed, group=group)
    rows = RowsAgain(asked)
    arrays, check = rows.of(trial)
    again, _ = RowsAgain(asked).of(trial)
    np.testing.assert_array_equal(arrays.train.inputs["numeric"], again.train.inputs["numeric"])
    assert arrays.test is not None
    parts = [numbers(part, arrays.plan) for part in (arrays.train, arrays.validation, arrays.test)]
    assert set().union(*parts) == set(range(60))
    assert sum(len(part) for part in parts) == 60  # of equal rows all are in one part
    if group is not None:
        of_group = [{number // 2 for number in part} for part in parts]
        assert not of_group[0] & of_group[1]
    first = prepare(asked)
    assert first.test is not None
    assert numbers(first.test, first.plan) == parts[2]
    assert len(check) == len(arrays.check_positions)
    np.testing.assert_allclose(
        arrays.train.inputs["numeric"][:, 0].mean(), 0.0, atol=1e-5
    )  # its own plan


def test_two_trials_have_two_divisions() -> None:
    rows = RowsAgain(request(table(60)))
    one, other = (rows.of(trial)[0] for trial in (17, 18))
    assert numbers(one.validation, one.plan) != numbers(other.validation, other.plan)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cv": 3}, "give --holdout or folds"),
        ({"fold_column": "group"}, "give --holdout or folds"),
        ({"split_by_time": "a"}, "in one way only: leave --holdout out"),
        ({"validation": table(20)}, "nothing to reshuffle"),
        ({"holdout": "shuffle"}, "no --holdout shuffle; choose fixed or reshuffle"),
    ],
)
def test_what_cannot_be_reshuffled_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        prepare(request(table(60), **options))
    with pytest.raises(RequestError, match="standard input"):
        DataRequest("-", ("y",), holdout="reshuffle")


@pytest.mark.parametrize("rows", [10, 11])
def test_too_few_rows_for_trials_are_refused_with_the_data(rows: int) -> None:
    with pytest.raises(DataError, match=r"reshuffle divides anew .* rows are too few: .*--test 0"):
        prepare(request(table(rows)))
    asked = request(table(rows), test=0)
    prepare(asked)
    RowsAgain(asked).of(3)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6), rows=st.integers(10, 40), group=st.booleans(), test=st.booleans()
)
def test_rows_that_are_prepared_can_be_divided_for_any_trial(
    seed: int, rows: int, group: bool, test: bool
) -> None:
    rng = np.random.default_rng(seed)
    frame = table(rows)
    frame["weight"] = rng.integers(0, 2, rows)
    frame["b"] = rng.integers(0, 2, rows)
    asked = request(
        frame,
        seed=seed,
        weight="weight",
        group="group" if group else None,
        test=None if test else 0,
    )
    try:
        prepare(asked)
    except DataError:
        return
    divided = RowsAgain(asked)
    for trial in range(6):
        arrays, _ = divided.of(trial)
        assert arrays.validation.weight is not None
        assert arrays.validation.weight.sum() > 0


def test_each_class_has_weight_where_it_is_validated() -> None:
    frame = table(60)
    yes = np.flatnonzero(frame["y"] == "yes")
    frame["w"] = np.where(frame["y"] == "no", 1.0, 0.0)
    frame.loc[yes[::5], "w"] = 1.0
    rows = RowsAgain(request(frame, weight="w", test=0.0))
    for trial in range(20):
        validation = rows.of(trial)[0].validation
        assert validation.weight is not None
        assert validation.weight[validation.truth[:, 0] == 1].sum() > 0
