"""The wall clock jumps by an hour: budgets and durations hold, for they count on another clock."""

from __future__ import annotations

import ast
import sys
import time
from pathlib import Path

import pytest

from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from tests.faults.drivers import Driver, go_on

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SMALL = str(Path(__file__).with_name("small_space.py"))
SEARCH = [
    *("search", "iris", "--workers", "1", "--seed", "1", "--space", SMALL, "--pruner", "none"),
    *("--cv", "none"),
]
JUMPS = '''
"""Every process of the search: its wall clock jumps by an hour to and fro, every second."""

import time

wall, monotonic = time.time, time.monotonic


def jumping():
    return wall() + (0, 3600, -3600)[int(monotonic()) % 3]


time.time, time.time_ns = jumping, lambda: int(jumping() * 1e9)
'''


@pytest.mark.slow
def test_budgets_and_durations_hold_though_the_clock_jumps(tmp_path: Path) -> None:
    (tmp_path / "jumps").mkdir()
    (tmp_path / "jumps" / "sitecustomize.py").write_text(JUMPS)
    # The time is enough on a slow machine too, and the trials end the search long before.
    limits = ["--time", "20m", "--trials", "2", "--trial-time", "3s"]
    limits += ["--epochs", "1000000", "--patience", "1000000"]
    run = tmp_path / "run"
    started = time.monotonic()
    path = f"{tmp_path / 'jumps'}:{Path(__file__).parents[2]}"
    with Driver(tmp_path, *go_on(run, [*SEARCH, *limits]), extra={"PYTHONPATH": path}) as driver:
        ended = driver.end()
    took = time.monotonic() - started
    assert ended.code == 0, ended
    assert (run / "best" / "model.keras").exists()
    trials = read_record(RunDirectory.open(run)).trials
    assert len(trials) == 2, "the clock's jump ended the search"
    results = [trial.result for trial in trials if trial.result is not None]
    # A limit kept by the wall clock would end a trial at once, or an hour late.
    assert [result.reason[:30] for result in results] == ["it reached its time limit of 3"] * 2
    seconds = [result.seconds for result in results]
    assert max(seconds) > 1.5  # scoring and saving take less than half of it
    assert sum(seconds) <= took < 1200.0


def test_no_duration_is_read_off_the_wall_clock() -> None:
    # `datetime` cannot be made to jump, for libraries in C look at it; so it is looked for.
    # when a run was made, a line was, a trial was taken out, how old a killed search's folder is
    stamps = {
        "tuning/manifest.py",
        "tuning/progress_lines.py",
        "tuning/voiding.py",
        "engines/ray_folder.py",
    }
    package = Path(__file__).parents[2] / "automl"
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow")
    }
    assert found == stamps
