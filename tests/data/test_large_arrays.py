"""Large arrays lie in files, and hold what they would in memory."""

from __future__ import annotations

import numpy as np
import pytest

from automl.data import large_arrays
from automl.data.large_arrays import concatenated, roomy, taken
from automl.errors import DataError

X = np.random.default_rng(0).integers(0, 256, (50, 4, 3), np.uint8)
ROWS = np.random.default_rng(1).permutation(50)[:40].astype(np.int64)


@pytest.fixture(params=[False, True], ids=["in memory", "in a file"])
def mapped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param:
        monkeypatch.setattr(large_arrays, "LEAST_BYTES", 10)
        monkeypatch.setattr(large_arrays, "SHARE", 0.0)
    return bool(request.param)


def test_rows_are_taken_and_joined(mapped: bool) -> None:
    room = roomy(X.shape, X.dtype)
    room[:] = X
    for found, expected in (
        (room, X),
        (taken(room, ROWS), X[ROWS]),
        (concatenated([room, X[ROWS]]), np.concatenate([X, X[ROWS]])),
    ):
        assert isinstance(found, np.memmap) == mapped
        np.testing.assert_array_equal(found, expected)


def test_a_full_disk_is_told() -> None:
    with pytest.raises(DataError, match="has no room"):
        roomy((2**44, 2**14), np.uint8)  # more than any file may have


def test_what_is_whole_is_not_copied(mapped: bool) -> None:
    assert concatenated([X]) is X
    assert (taken(X, np.arange(50)) is X) == mapped
