"""Prepared rows on disk: what is opened is what was saved, mapped and read-only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.arrays import open_arrays, save_arrays
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import RunError


def table(rows=60):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": rng.normal(size=rows),
            "c": rng.choice(["x", "y"], rows),
            "w": rng.uniform(1, 2, rows),
            "y": rng.normal(size=rows),
        }
    )


@pytest.mark.parametrize(
    "request_",
    [
        DataRequest(table(), "y", weight="w"),
        DataRequest(table()[["c", "y"]], "y", test=0),
        DataRequest("iris"),
    ],
    ids=["regression", "no numeric columns", "iris"],
)
def test_arrays_come_back_as_saved(tmp_path, request_):
    data = prepare(request_)
    arrays = open_arrays(save_arrays(data, tmp_path / "arrays"))
    assert arrays.task == data.task and arrays.plan == data.plan
    assert arrays.signature == data.plan.signature
    np.testing.assert_array_equal(arrays.check_positions, data.check_positions)
    assert (arrays.test is None) == (data.test is None)
    for part in ("train", "validation", "test"):
        saved, opened = getattr(data, part), getattr(arrays, part)
        if saved is None:
            continue
        for name in ("numeric", "categorical", "target", "truth", "weight"):
            before, after = getattr(saved, name), getattr(opened, name)
            assert (before is None) == (after is None)
            if before is not None:
                assert before.dtype == after.dtype
                np.testing.assert_array_equal(before, after)
    assert isinstance(arrays.train.target, np.memmap) and not arrays.train.target.flags.writeable


def test_a_folder_that_is_not_whole_is_refused(tmp_path):
    with pytest.raises(RunError, match="cannot be read"):
        open_arrays(tmp_path)
    folder = save_arrays(prepare(DataRequest("iris")), tmp_path)
    (folder / "train.numeric.npy").unlink()
    with pytest.raises(RunError, match="cannot be read"):
        open_arrays(folder)
    (folder / "data.json").write_text('{"task"')
    with pytest.raises(RunError, match="cannot be read"):
        open_arrays(folder)
