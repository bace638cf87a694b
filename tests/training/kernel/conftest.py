"""The kernel has to be there where it is tested."""

from __future__ import annotations

import pytest

from automl.training.kernel.loading import load_kernel


@pytest.fixture(scope="session", autouse=True)
def _kernel_is_there() -> None:
    assert load_kernel() is not None, "the kernel was not compiled: install with a C compiler"
