"""SIGKILL of the driver at random moments: resumed, it ends as an unbroken search."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import pytest

from tests.faults.drivers import Driver, board, go_on, lines_of, succeed
from tests.faults.rounds import rounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SEARCH = ["search", "digits", "--epochs", "6", "--workers", "1", "--seed", "1"]
#: Of so many kills one strikes while the search starts, before it goes on with its trials.
EARLY = 4


@pytest.mark.parametrize("kills", rounds(2, 30))
def test_killed_and_resumed_a_search_ends_as_an_unbroken_one(
    kills: int, tmp_path: Path, moments: random.Random
) -> None:
    search = [*SEARCH, "--trials", str(max(8, kills))]
    succeed(tmp_path, *search, "--directory", "unbroken")
    total = lines_of(tmp_path / "unbroken")
    broken = tmp_path / "broken"
    struck = 0
    for kill in range(kills):
        with Driver(tmp_path, *go_on(broken, search)) as driver:
            before = lines_of(broken)
            if kill % EARLY == 0:
                time.sleep(moments.uniform(0.0, 3.0))
            else:
                # The kills are spread over what is left of the search, into any line of it.
                left = max(0, total - before - 10)
                ahead = min(left, moments.uniform(0.0, 2.0) * left / (kills - kill))
                driver.wait_for(lambda b=before, a=ahead: lines_of(broken) > b + a, pause=0.0005)
                time.sleep(moments.choice([0.0, moments.uniform(0.0, 0.05)]))
            struck += driver.process.poll() is None
    print(
        f"{struck} of {kills} kills struck a search that ran; {lines_of(broken)} of {total} lines"
    )
    succeed(tmp_path, *go_on(broken, search))
    assert board(broken) == board(tmp_path / "unbroken")
    best = [
        json.loads((tmp_path / run / "best" / "config.json").read_text())
        for run in ("unbroken", "broken")
    ]
    assert best[0]["trial"] == best[1]["trial"]
    assert best[0]["model_hash"] == best[1]["model_hash"]
    assert struck >= kills - kills // EARLY
