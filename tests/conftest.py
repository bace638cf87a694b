"""What holds for every test."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from automl.engines.processes import Processes

# Speed belongs in benchmarks/: a busy machine must fail no test. Nor may another draw of the
# examples fail a change that has nothing to do with it: a test run draws the same ones each time
# (hypothesis's own "ci"), and `pytest --hypothesis-profile=random` draws new ones.
settings.register_profile("random", deadline=None)
settings.load_profile("ci")

# What this machine notes of its runs is no part of the tests, nor they of it.
_STATE = tempfile.mkdtemp(prefix="automl-state-")
os.environ["XDG_STATE_HOME"] = _STATE
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)

# A shell ignores Ctrl-C in what it runs in the background, and so would every driver that a test
# starts; the tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Warm processes of which no test ends the server: importing TensorFlow takes seconds."""
    from automl.engines.warm_processes import warm_processes

    warm = warm_processes()
    yield warm
    warm.close()


@pytest.fixture
def warm(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is searched, exported or asked in this process finds TensorFlow imported already."""
    from tests.lent import Lent

    for place in (
        "engines.warm_processes",
        "engines.space_tracing",
        "engines.local",
        "tuning.search",
    ):
        monkeypatch.setattr(f"automl.{place}.warm_processes", lambda: Lent(processes))
