"""Whole searches through Ray: the same run directory and results as with local workers."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from automl.data.request import DataRequest
from automl.trial import TrialBudget
from automl.tuning.budget import SearchBudget
from automl.tuning.search import resume_search, start_search
from automl.tuning.search_request import SearchRequest

TRIALS = 3


def make_request(engine: str, trials: int) -> SearchRequest:
    return SearchRequest(
        data=DataRequest("iris"),
        engine=engine,
        sampler="random",
        pruner="median",
        seed=1,
        workers=1,
        budget=SearchBudget(trials=trials),
        trial_budget=TrialBudget(3, 3),
    )


def read_leaderboard(run: Path) -> list[dict[str, str]]:
    """The leaderboard without the one column that a clock decides."""
    with (run / "leaderboard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def files_below(run: Path) -> set[str]:
    kept = (path.relative_to(run) for path in run.rglob("*") if path.is_file())
    return {str(path) for path in kept if path.parts[0] != "logs"}  # those of local workers


@pytest.mark.parametrize("resumed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_search_on_ray_equals_a_local_one(resumed: bool, tmp_path: Path) -> None:
    start_search(make_request("local", TRIALS), tmp_path / "local")
    start_search(make_request("ray", TRIALS - resumed), tmp_path / "ray")
    if resumed:
        resume_search(tmp_path / "ray", changes={"trials": TRIALS})
    local, other = read_leaderboard(tmp_path / "local"), read_leaderboard(tmp_path / "ray")
    assert len(local) == TRIALS + 3  # and three baselines
    assert other == local
    assert files_below(tmp_path / "ray") == files_below(tmp_path / "local")


SEARCH = """
import sys
from dataclasses import replace
from automl.trial import TrialBudget
from automl.tuning.search import start_search
from tests.engines.test_ray_search import make_request
request = replace(make_request("ray", 2), pruner="none", trial_budget=TrialBudget(100000, 100000))
print(start_search(request, sys.argv[1]).outcome.stopped_by)
"""


@pytest.mark.slow
def test_ctrl_c_is_the_drivers(tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", SEARCH, str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    study = run / "study.log"
    deadline = time.monotonic() + 300.0
    # From the first epoch on a trial's scores are in the study.
    while not (study.exists() and '"intermediate_value"' in study.read_text()):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=300)
    assert (out, err) == ("interrupted\n", "")
    assert "crashed" not in study.read_text()
    assert not psutil.wait_procs(children, timeout=300)[1]
