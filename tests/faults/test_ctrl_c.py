"""Ctrl-C at every stage: once ends in order, twice at once, and either way the search goes on."""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.exit_codes import INTERRUPTED
from automl.trial import CHECKPOINT_FILE
from tests.faults.drivers import PLAIN, Driver, Ended, board, go_on, lines_of, logged, succeed
from tests.faults.rounds import rounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SEARCH = [
    *("search", "digits", "--epochs", "6", "--workers", "1", "--seed", "1", "--trials", "6"),
    *("--cv", "none"),
]
#: Epochs of a trial that is long enough to be struck in its midst.
LONG = "1000"
#: Python itself ends by the signal, which a shell shows as 130 too, where it struck code that is
#: run from a string (as dataclasses are), although it was caught further out.
STOPPED = (INTERRUPTED, -signal.SIGINT)
#: Stages of a search, and what shows that it has come to each.
STAGES: dict[str, Callable[[Driver, Path], bool]] = {
    "reading the data": lambda driver, run: bool(driver.printed),
    "writing the rows": lambda driver, run: run.exists(),
    "starting the workers": lambda driver, run: "search: space" in driver.printed,
    "first trial": lambda driver, run: lines_of(run) > 3,
    "middle of a trial": lambda driver, run: '"intermediate_value":' in study(run),
    "between trials": lambda driver, run: "trial 2 completed" in logged(run),
    "scoring the test rows": lambda driver, run: "scoring the test rows" in logged(run),
    "exporting": lambda driver, run: "exporting the best model" in logged(run),
}


#: What every test run tries beside the pause in mid-trial; the rest is marked slow.
SHORT: set[tuple[str, int]] = set()


def study(run: Path) -> str:
    file = run / "study.log"
    return file.read_text() if file.exists() else ""


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    succeed(folder, *SEARCH, "--directory", "run")
    return folder / "run"


def check_quiet(ended: Ended, run: Path) -> None:
    """What must hold of any search that Ctrl-C has ended."""
    assert "Traceback" not in ended.complaint, ended
    assert "Exception ignored" not in ended.complaint, ended
    if ended.code in STOPPED and (run / "search.log").exists():
        assert ended.is_one_sentence(), ended
        assert "`automl resume run` goes on where it stopped" in ended.complaint, ended
    else:
        assert ended.complaint == "", ended


@pytest.mark.parametrize(
    ("stage", "presses"),
    [
        pytest.param(stage, presses, marks=() if (stage, presses) in SHORT else pytest.mark.slow)
        for presses in (1, 2)
        for stage in STAGES
    ],
)
def test_ctrl_c_at_a_stage(stage: str, presses: int, tmp_path: Path, unbroken: Path) -> None:
    run = tmp_path / "run"
    with Driver(tmp_path, *SEARCH, "--directory", "run") as driver:
        assert driver.wait_for(lambda: STAGES[stage](driver, run))
        for _ in range(presses):
            driver.press_ctrl_c()
            time.sleep(0.05)
        ended = driver.end()
    check_quiet(ended, run)
    finishing = stage in ("scoring the test rows", "exporting")
    if presses == 1 and finishing:
        assert ended.code == 0
        assert (run / "best" / "model.keras").exists()
    else:
        assert ended.code in STOPPED
    if presses == 1 and stage == "between trials":
        assert (run / "best" / "model.keras").exists()
        assert "Next:" in ended.printed
    succeed(tmp_path, *go_on(run, SEARCH))
    untested = [[{**row, "test_metrics": {}} for row in board(place)] for place in (run, unbroken)]
    assert untested[0] == untested[1]


def steps(run: Path) -> list[tuple[int, int]]:
    """The trial and the epoch of each score in the study's file, in the order of writing."""
    lines = [
        json.loads(line) for line in study(run).splitlines() if '"intermediate_value":' in line
    ]
    return [(line["trial_id"], line["step"]) for line in lines]


def test_a_trial_that_is_paused_goes_on_in_its_midst(tmp_path: Path) -> None:
    space = str(Path(__file__).with_name("small_space.py"))
    search = [
        *("search", "iris", "--space", space, "--workers", "1", "--seed", "1", "--trials", "1"),
        *("--cv", "none", "--epochs", LONG, "--patience", LONG, "--batch-size", "1"),
        *("--pruner", "none", *PLAIN, "--directory"),
    ]
    whole, run = tmp_path / "whole", tmp_path / "run"
    succeed(tmp_path, *search, "whole")
    with Driver(tmp_path, *search, "run") as driver:
        assert driver.wait_for(lambda: len(steps(run)) > 20)
        driver.press_ctrl_c()
        ended = driver.end()
    check_quiet(ended, run)
    assert (run / "trials" / "0" / CHECKPOINT_FILE).exists()
    before = steps(run)
    succeed(tmp_path, *go_on(run, search[:-1]))
    assert steps(run)[: len(before)] == before
    assert len(set(steps(run))) == len(steps(run))  # no epoch was trained twice
    assert board(run) == board(whole)
    assert not (run / "trials" / "0" / CHECKPOINT_FILE).exists()


@pytest.mark.parametrize("times", rounds(2, 60))
def test_ctrl_c_at_any_moment_of_the_start_is_quiet(
    times: int, tmp_path: Path, moments: random.Random
) -> None:
    for _ in range(times):
        with Driver(tmp_path, *SEARCH, "--directory", "run") as driver:
            # While Python itself starts, nobody in this package can listen.
            assert driver.wait_for(lambda: "_heapq" in maps_of(driver.process.pid))
            time.sleep(moments.choice([moments.uniform(0.0, 0.2), moments.uniform(0.2, 2.0)]))
            driver.press_ctrl_c()
            if moments.random() < 0.3:
                driver.press_ctrl_c()
            ended = driver.end()
        check_quiet(ended, tmp_path / "run")
        assert ended.code in STOPPED, ended


def maps_of(pid: int) -> str:
    """What a process has loaded; its modules in C show how far its imports have come."""
    return Path(f"/proc/{pid}/maps").read_text()
