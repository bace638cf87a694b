"""Prepared rows on disk: what is opened is what was saved, mapped and read-only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.array_folder import ArrayFolder
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
        before, after = saved.arrays(), opened.arrays()
        assert before.keys() == after.keys()
        for name, array in before.items():
            assert array.dtype == after[name].dtype
            np.testing.assert_array_equal(array, after[name])
    assert isinstance(arrays.train.target, np.memmap) and not arrays.train.target.flags.writeable


def test_an_older_run_s_array_without_columns_is_passed_over(tmp_path):
    data = prepare(DataRequest((np.arange(80.0).reshape(40, 2), np.arange(40) % 2)))
    folder = ArrayFolder(save_arrays(data, tmp_path / "arrays"))
    form = folder.form()
    arrays = {path.stem: np.load(path) for path in folder.path.glob("*.npy")}
    for part, names in form["parts"].items():
        names.append("categorical")
        arrays[f"{part}.categorical"] = np.zeros((len(getattr(data, part)), 0), np.int32)
    folder.write(arrays, form)
    assert open_arrays(folder.path).train.inputs.keys() == {"numeric"}
    form["parts"]["train"][-1] = "../../other"
    folder.write(arrays, form)
    with pytest.raises(RunError, match="train has the arrays"):
        open_arrays(folder.path)


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
