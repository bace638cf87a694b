"""SIGKILL of the driver at random moments: resumed, it ends as an unbroken search."""

from __future__ import annotations

import json
import random
import re
import sys
import time
from pathlib import Path

import pytest

from tests.faults.drivers import PLAIN, Driver, board, go_on, is_alive, lines_of, succeed
from tests.faults.rounds import rounds, slowly

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SEARCH = ["search", "digits", "--cv", "none", "--epochs", "6", "--workers", "1", "--seed", "1"]
SMALL = str(Path(__file__).with_name("small_space.py"))
#: Of so many kills one strikes while the search starts, before it goes on with its trials.
EARLY = 4


@pytest.mark.parametrize("kills", rounds(1, 30))
def test_killed_and_resumed_a_search_ends_as_an_unbroken_one(
    kills: int, tmp_path: Path, moments: random.Random
) -> None:
    more = PLAIN if kills == 1 else ()
    killed_and_resumed([*SEARCH, *more, "--trials", str(max(5, kills))], kills, tmp_path, moments)


# In short: `tests/tuning/test_cross_validation.py` resumes a search over folds.
@pytest.mark.parametrize("kills", slowly(10))
def test_so_does_one_over_folds(kills: int, tmp_path: Path, moments: random.Random) -> None:
    # The sampler and the pruner are those of a search that asks for nothing else.
    trials = str(max(5, kills))
    killed_and_resumed([*SEARCH, "--cv", "3", "--trials", trials], kills, tmp_path, moments)


@pytest.mark.slow
def test_folds_that_are_finished_are_not_trained_again(tmp_path: Path) -> None:
    limits = ["--trials", "2", "--cv", "5", "--pruner", "none", "--epochs", "600"]
    search = ["search", "iris", "--cv", "none", "--workers", "1", "--seed", "1", "--space", SMALL]
    search += [*limits, "--patience", "600"]
    succeed(tmp_path, *search, "--directory", "unbroken")
    broken = tmp_path / "broken"
    with Driver(tmp_path, *go_on(broken, search)) as driver:
        assert driver.wait_for(lambda: finished_folds(broken) == [1, 2], pause=0.0005)
        (worker,) = driver.workers()
        driver.process.kill()  # and the worker with it, in its third fold
        driver.kill()
        assert not is_alive(worker)
    assert finished_folds(broken) == [1, 2]
    succeed(tmp_path, *go_on(broken, search))
    assert finished_folds(broken) == [1, 2, 3, 4, 1, 2, 3, 4]
    assert board(broken) == board(tmp_path / "unbroken")


def finished_folds(run: Path) -> list[int]:
    """Each fold that the study tells of, in order; a trial's last one is told by its result."""
    study = run / "study.log"
    text = study.read_text() if study.exists() else ""
    return [int(number) for number in re.findall(r'"execution:(\d+)"', text)]


def killed_and_resumed(
    search: list[str], kills: int, tmp_path: Path, moments: random.Random
) -> None:
    succeed(tmp_path, *search, "--directory", "unbroken")
    total = lines_of(tmp_path / "unbroken")
    broken = tmp_path / "broken"
    struck = 0
    for kill in range(kills):
        with Driver(tmp_path, *go_on(broken, search)) as driver:
            before = lines_of(broken)
            if kill % EARLY == EARLY - 1:
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
