"""Weights that a file takes from another one are noticed before they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from automl.models.weights_file import foreign_part


def linked(group: Any, secret: Path) -> None:
    group["kernel"] = h5py.ExternalLink(str(secret), "/x")


def stored_elsewhere(group: Any, secret: Path) -> None:
    group.create_dataset("kernel", (3,), "f4", external=[(str(secret), 0, 12)])


def put_together(group: Any, secret: Path) -> None:
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource(str(secret), "x", (3,))
    group.create_virtual_dataset("kernel", layout)


@pytest.mark.parametrize("make", [linked, stored_elsewhere, put_together])
def test_what_is_in_another_file_is_named(
    make: Callable[[Any, Path], None], tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file.create_group("layer").create_dataset("bias", data=np.zeros(3, np.float32))
        make(file["layer"], tmp_path / "secret")
    assert foreign_part(str(tmp_path / "weights.h5")) == "layer/kernel"


def test_a_file_of_its_own_weights_has_none(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file.create_group("layer").create_dataset("bias", data=np.zeros(3, np.float32))
        file["again"] = h5py.SoftLink("/layer")
    assert foreign_part(str(tmp_path / "weights.h5")) == ""
