"""Splits: disjoint, whole, seeded, and true to strata, groups and time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.views.splits import (
    SplitRule,
    default_test_share,
    split_by_group,
    split_by_time,
    split_shuffled,
    split_stratified,
)
from automl.errors import DataError

RULE = SplitRule(0.2, 0.15, 0)
shares = st.sampled_from([0.0, 0.05, 0.2, 0.5])


def parts_of(split):
    return [split.train, split.validation, split.test]


def assert_whole(split, n):
    assert sorted(np.concatenate(parts_of(split)).tolist()) == list(range(n))


@pytest.mark.parametrize(("rows", "share"), [(999, 0.2), (1000, 0.1), (9999, 0.1), (10000, 0.05)])
def test_the_test_share_follows_the_size(rows, share):
    assert default_test_share(rows) == share


@given(st.integers(3, 300), shares, st.sampled_from([0.15, 0.5]), st.integers(0, 5))
def test_a_shuffled_split_is_whole_and_has_the_shares(n, test, validation, seed):
    split = split_shuffled(n, SplitRule(test, validation, seed))
    assert_whole(split, n)
    assert len(split.train) >= 1 and len(split.validation) >= 1
    assert abs(len(split.test) - n * test) <= 1 or n < 10
    assert (len(split.test) == 0) == (test == 0)


def test_the_seed_decides_and_zero_is_a_seed():
    first, again = (split_shuffled(100, SplitRule(0.2, 0.15, 0)) for _ in range(2))
    other = split_shuffled(100, SplitRule(0.2, 0.15, 1))
    assert np.array_equal(first.train, again.train)
    assert not np.array_equal(first.train, other.train)
    assert not np.array_equal(first.train, np.sort(first.train))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), shares, st.integers(0, 5))
def test_every_stratum_serves_training_first_then_validation(counts, test, seed):
    strata = np.repeat(np.arange(len(counts)), counts)
    np.random.default_rng(seed).shuffle(strata)
    if len(strata) < 3:
        return
    split = split_stratified(strata, SplitRule(test, 0.15, seed))
    assert_whole(split, len(strata))
    for number, count in enumerate(counts):
        train, validation, tested = ((strata[rows] == number).sum() for rows in parts_of(split))
        assert train >= 1
        assert validation >= 1 or count == 1
        assert abs(tested - test * count) <= 1 or count <= 4
        assert count > 2 or tested == 0


def test_a_stratified_split_keeps_the_proportions():
    strata = np.array(["a"] * 900 + ["b"] * 100)
    split = split_stratified(strata, RULE)
    assert [(strata[rows] == "b").sum() for rows in parts_of(split)] == [68, 12, 20]
    assert [len(rows) for rows in parts_of(split)] == [680, 120, 200]


def test_without_shares_all_rows_are_training_rows():
    for split in (
        split_stratified(np.array([0, 1, 1]), SplitRule(0.0, 0.0, 0)),
        split_by_group(np.array([0, 1, 1]), SplitRule(0.0, 0.0, 0)),
    ):
        assert len(split.train) == 3 and len(split.validation) == len(split.test) == 0


def test_time_goes_from_training_to_validation_to_test():
    times = np.random.default_rng(0).permutation(100).astype(float)
    split = split_by_time(times, RULE)
    assert_whole(split, 100)
    assert times[split.train].max() < times[split.validation].min()
    assert times[split.validation].max() < times[split.test].min()
    assert [len(rows) for rows in parts_of(split)] == [68, 12, 20]


@given(st.lists(st.integers(1, 20), min_size=3, max_size=15), shares, st.integers(0, 5))
def test_groups_stay_together_and_every_part_has_one(counts, test, seed):
    groups = np.repeat(np.arange(len(counts)), counts)
    split = split_by_group(groups, SplitRule(test, 0.15, seed))
    assert_whole(split, len(groups))
    members = [set(groups[rows].tolist()) for rows in parts_of(split)]
    assert not (members[0] & members[1] or members[0] & members[2] or members[1] & members[2])
    assert members[0] and members[1] and (members[2] or test == 0)


def test_too_few_groups_are_refused():
    with pytest.raises(DataError, match="2 groups, too few for 3 parts"):
        split_by_group(np.array([0, 0, 0, 1, 1]), RULE)
