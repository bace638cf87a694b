"""Rows as tensors, copied or shared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from automl.data.arrays import open_arrays, save_arrays
from automl.data.task import TaskKind
from automl.errors import RunError
from automl.training.device_data import DeviceData, DeviceRows

MAPS = Path("/proc/self/maps")


def assert_equal(data, arrays):
    for part in ("train", "validation"):
        ours, theirs = getattr(data, part), getattr(arrays, part)
        assert ours.inputs.keys() == theirs.inputs.keys()
        for name, array in theirs.inputs.items():
            np.testing.assert_array_equal(ours.inputs[name].numpy(), array)
        np.testing.assert_array_equal(ours.target.numpy(), theirs.target)
        assert (ours.weight is None) == (theirs.weight is None)
        if ours.weight is not None:
            np.testing.assert_array_equal(ours.weight.numpy(), theirs.weight)
        assert ours.target.dtype.as_numpy_dtype == theirs.target.dtype
        assert len(ours) == len(theirs)


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("weighted", [False, True])
def test_tensors_hold_the_arrays(arrays, tmp_path, kind, weighted):
    given = arrays(kind, weighted=weighted)
    assert_equal(DeviceData.from_arrays(given), given)
    save_arrays(given, tmp_path)
    opened = open_arrays(tmp_path)
    assert isinstance(opened.train.inputs["numeric"], np.memmap)
    assert_equal(DeviceData.from_arrays(opened), given)


def test_inputs_without_columns_are_left_out(toy):
    data = toy()
    assert set(data.train.inputs) == {"numeric"}
    assert len(data.train.data) == 2
    assert len(toy(weighted=True).train.data) == 3


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux tells what memory is mapped from")
def test_mapped_arrays_are_shared_not_copied(arrays, tmp_path):
    save_arrays(arrays(rows=4000), tmp_path)
    data = DeviceData.from_arrays(open_arrays(tmp_path))
    address = np.asarray(data.train.inputs["numeric"]).ctypes.data
    for line in MAPS.read_text().splitlines():
        start, end = (int(number, 16) for number in line.split()[0].split("-"))
        if start <= address < end:
            assert line.endswith("train.numeric.npy")
            return
    pytest.fail("the tensor's memory is not mapped")


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "failed to allocate memory"),
        tf.errors.InternalError(
            None,
            None,
            "Failed copying input tensor from /device:CPU:0 to /device:GPU:0 in order to run "
            "_EagerConst: Dst tensor is not initialized.",
        ),
    ],
)
def test_rows_that_the_device_has_no_room_for_are_told(toy, monkeypatch, error):
    rows = toy(rows=150).train.rows

    def full(array):
        raise error

    monkeypatch.setattr("automl.training.device_data._placed", full)
    with pytest.raises(RunError, match=r"150 rows take .* MB, .* --device cpu"):
        DeviceRows.from_rows(rows)
