"""Warm processes that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from automl.engines.processes import Processes, warm_processes


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Processes of which no test ends the server: importing TensorFlow takes seconds."""
    warm = warm_processes()
    yield warm
    warm.close()
