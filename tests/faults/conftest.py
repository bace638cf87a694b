"""Faults strike at random moments: each test prints the seed of its own and takes it again.

A test in its short form draws the same moments each time, so that no change fails for another
draw; one marked slow draws new ones.
"""

from __future__ import annotations

import os
import random

import pytest

#: Environment variable with the seed of an earlier session, to strike at the same moments again.
SEED = "AUTOML_FAULT_SEED"


@pytest.fixture
def moments(request: pytest.FixtureRequest) -> random.Random:
    """A generator of random moments, the test's own; its seed is shown where the test fails."""
    given = os.environ.get(SEED)
    slow = request.node.get_closest_marker("slow") is not None
    seed = int(given) if given else random.SystemRandom().randrange(10**6) if slow else 0
    print(f"to repeat: {SEED}={seed}")
    return random.Random(f"{seed} {request.node.name}")
