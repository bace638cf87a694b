"""Whole numbers in a target: counts, ratings and measures are told from class numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.targets.numbered_classes import why_measured


@given(st.floats(3, 6), st.integers(300, 3000), st.integers(0, 99))
def test_counts_are_measured(mean, rows, seed):
    counts = np.random.default_rng(seed).poisson(mean, rows).astype(float)
    assert why_measured(counts) is not None


@given(st.integers(2, 20), st.integers(5, 50), st.integers(0, 1))
def test_classes_of_equal_size_counted_from_0_or_1_are_classes(number, rows, first):
    assert why_measured(np.tile(np.arange(first, first + number), rows).astype(float)) is None


@given(st.integers(6, 20), st.integers(3, 100), st.integers(5, 50))
def test_multiples_are_measured(number, step, rows):
    assert why_measured(np.tile(step * np.arange(number), rows).astype(float)) is not None


@pytest.mark.parametrize(
    ("values", "measured"),
    [
        ([*range(0, 101, 10)] * 40, True),
        ([0, 1] * 3 + [1], False),
        ([0] * 500 + [1], False),
        ([1, 2, 3, 5, 6, 7] * 20, False),
        ([3, 4, 5, 6, 7, 8] * 50, True),
        ([1] * 50 + [2] * 60 + [3] * 40 + [4] * 20 + [5] * 9, False),
        ([0] * 200 + [1] * 100 + [2] * 50 + [3] * 2, True),
        ([*range(21)] * 100, True),
        ([-1, 0, 1] * 10, False),
    ],
)
def test_known_cases(values, measured):
    assert (why_measured(np.array(values, float)) is not None) == measured
