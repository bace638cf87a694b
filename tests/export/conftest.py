"""Fixtures of the export tests: one run and one exported bundle for each kind of data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from automl.data.request import DataRequest

if TYPE_CHECKING:
    from run_maker import Exported


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    from run_maker import exported, people

    request = DataRequest(people(), target=("income",), ignore=("price",))
    return exported(tmp_path_factory.mktemp("classes"), request)


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    from run_maker import exported, people

    request = DataRequest(people(), target=("price",), ignore=("income",))
    return exported(tmp_path_factory.mktemp("prices"), request)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    import numpy as np
    from run_maker import exported

    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 90)
    x = rng.integers(0, 255, (90, 4, 5)).astype(np.uint8)
    return exported(tmp_path_factory.mktemp("images"), DataRequest((x, y)))
