"""Rows in memory: what is masked is missing."""

from __future__ import annotations

import numpy as np

from automl.data.sources.frames import checked_pair


def test_masked_values_are_missing():
    x, mask = np.arange(20.0).reshape(10, 2), np.zeros((10, 2), bool)
    mask[3, 1] = True
    y = np.ma.masked_array(np.arange(10), mask=[i == 4 for i in range(10)])
    pair = checked_pair(np.ma.masked_array(x, mask), y)
    assert np.isnan(pair.x[3, 1]) and np.isnan(pair.x).sum() == 1
    assert np.isnan(pair.y[4]) and pair.y[5] == 5
    labels = checked_pair(x, np.ma.masked_array(["a", "b"] * 5, mask=mask[:, 1])).y
    assert labels[3] is None and labels[4] == "a"
    plain = np.ma.masked_array(np.arange(10))
    assert checked_pair(x, plain).y.dtype == plain.dtype
