"""The gap before rows that validate or test: as rows, as a time, and where it leaves nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.views.gap import Gap
from automl.data.views.splits import SplitRule, split_by_time
from automl.errors import DataError, RequestError


def table(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) * 6, unit="h")
    return pd.DataFrame({"when": when, "a": rng.normal(size=rows), "y": rng.normal(size=rows)})


def test_a_gap_is_read_as_rows_or_as_a_time() -> None:
    assert Gap.of(None) == Gap.of(0) == Gap.of("0") == Gap()
    assert not Gap()
    assert Gap.of(24) == Gap.of(" 24 ") == Gap(rows=24)
    assert Gap.of("7d") == Gap.of("1w") == Gap(days=7.0)
    assert Gap.of("1d12h") == Gap.of("36H") == Gap(days=1.5)


@pytest.mark.parametrize("given", ["x", "-3", -3, "7y", "d", "0d", "1.5", "", "7d!"])
def test_what_is_no_gap_is_one_sentence(given: str | int) -> None:
    with pytest.raises(RequestError, match=r"--gap is .*; expected a number of rows, such as 24"):
        DataRequest("iris", split_by_time="order", gap=given)


@settings(max_examples=60, deadline=None)
@given(
    times=st.lists(st.floats(0, 100), min_size=40, max_size=90),
    gap=st.one_of(
        st.integers(0, 5).map(lambda n: Gap(rows=n)), st.floats(0.1, 5).map(lambda d: Gap(days=d))
    ),
    test_share=st.sampled_from([0.0, 0.2]),
)
def test_parts_are_as_far_apart_as_the_gap(times: list[float], gap: Gap, test_share: float) -> None:
    known = np.sort(np.array(times))
    rule = SplitRule(test_share, 0.15, 0, gap)
    try:
        split = split_by_time(known, rule)
    except DataError:
        return
    parts = [part for part in (split.train, split.validation, split.test) if len(part)]
    for earlier, later in itertools.pairwise(parts):
        assert later.min() - earlier.max() - 1 >= gap.rows
        assert known[later.min()] - known[earlier.max()] >= gap.days
    if not gap.days:
        assert len(split.train) + len(split.validation) + len(split.test) == len(
            known
        ) - gap.rows * (len(parts) - 1)


def test_a_gap_leaves_rows_out_and_says_so() -> None:
    whole = prepare(DataRequest(table(200), ("y",), split_by_time="when"))
    data = prepare(DataRequest(table(200), ("y",), split_by_time="when", gap="2d"))
    assert whole.test is not None and data.test is not None
    np.testing.assert_array_equal(whole.test.truth, data.test.truth)
    assert len(data.validation) == len(whole.validation)
    assert len(data.train) == len(whole.train) - 14  # two days of four rows, less one, twice
    assert any("rows of 2d are left out before" in note for note in data.notes)


def test_folds_by_time_have_the_gap_too() -> None:
    data = prepare(DataRequest(table(200), ("y",), split_by_time="when", gap=10, cv=3))
    plain = prepare(DataRequest(table(200), ("y",), split_by_time="when", cv=3))
    assert len(data.train) < len(plain.train)
    assert len(data.folds) == 2


def test_a_gap_without_an_order_or_of_a_time_without_dates_is_refused() -> None:
    with pytest.raises(RequestError, match="add --split-by-time COLUMN"):
        DataRequest(table(40), ("y",), gap=3)
    with pytest.raises(RequestError, match="not ordered by dates: give a number of rows"):
        prepare(DataRequest(table(40), ("y",), split_by_time="order", gap="3d"))


def test_a_gap_longer_than_the_rows_is_one_sentence() -> None:
    for options in ({}, {"cv": 3}):
        with pytest.raises(DataError, match="The rows before --gap are too few to learn from"):
            prepare(DataRequest(table(60), ("y",), split_by_time="when", gap="99w", **options))
