"""A driver that is stopped for a while (Ctrl-Z, a suspended machine): no trial pays for it."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.trial import TrialState
from tests.faults.drivers import Driver, lines_of
from tests.faults.rounds import slowly

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SMALL = str(Path(__file__).with_name("small_space.py"))
SEARCH = ["search", "iris", "--cv", "none", "--workers", "1", "--seed", "1", "--space", SMALL]


# In short: `tests/training/test_deadline.py` and `tests/engines/test_absence.py`.
@pytest.mark.parametrize("times", slowly(1, 2))
def test_a_stopped_driver_costs_no_trial(times: int, tmp_path: Path) -> None:
    run = tmp_path / "run"
    limits = ["--trials", "3", "--trial-time", "4s", "--pruner", "median", "--epochs", "400"]
    with Driver(tmp_path, *SEARCH, *limits, "--directory", "run") as driver:
        for _ in range(times):
            seen = lines_of(run)
            assert driver.wait_for(lambda seen=seen: lines_of(run) > seen + 30)  # within a trial
            driver.process.send_signal(signal.SIGSTOP)
            time.sleep(6.0)  # longer than a trial may take
            driver.process.send_signal(signal.SIGCONT)
        ended = driver.end()
    assert ended.code == 0, ended
    trials = read_record(RunDirectory.open(run)).trials
    results = [trial.result for trial in trials if trial.result is not None]
    assert not [result for result in results if result.state is TrialState.FAILED]
    assert len(trials) == 3
