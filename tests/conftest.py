"""What holds for every test."""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from automl.engines.processes import Processes

# Speed belongs in benchmarks/: a busy machine must fail no test. Nor may another draw of the
# examples fail a change that has nothing to do with it: a test run draws the same ones each time
# (hypothesis's own "ci"), and `pytest --hypothesis-profile=random` draws new ones.
settings.register_profile("random", deadline=None)
settings.load_profile("ci")

# What draws from Python's and NumPy's global generators, as Ray's domains do, draws the same too.
GLOBAL_SEED = 0

# What this machine notes of its runs is no part of the tests, nor they of it.
_STATE = tempfile.mkdtemp(prefix="automl-state-")
os.environ["XDG_STATE_HOME"] = _STATE
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)

# A shell ignores Ctrl-C in what it runs in the background, and so would every driver that a test
# starts; the tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Hands whole files to pytest-xdist's workers in the order of their names.

    By itself it begins with those of most tests; those of one or two are whole searches, of which
    one worker would hold several in the end while the other has nothing left to do.
    """
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.fixture(autouse=True)
def _global_generators_seeded() -> None:
    """Seeds the global generators before each test, whichever tests ran before it."""
    random.seed(GLOBAL_SEED)
    np.random.seed(GLOBAL_SEED)


@pytest.fixture(scope="session")
def kept_processes() -> Iterator[Processes]:
    """Warm processes of which no test ends the server: importing TensorFlow takes seconds."""
    from automl.engines.warm_processes import warm_processes

    warm = warm_processes()
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def processes(kept_processes: Processes) -> Processes:
    """The same, under the name that the suites of `automl.testing` use for their own."""
    return kept_processes


@pytest.fixture
def warm(processes: Processes) -> Iterator[None]:
    """What is searched, exported or asked in this process finds TensorFlow imported already."""
    from tests.lent import lending

    with lending(processes):
        yield
