"""What strikes a worker costs the trial that it runs, with its reason, and nothing else."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from automl.common.forms import to_form
from automl.results.read_record import read_record
from automl.results.record import TrialRecord
from automl.results.run_directory import RunDirectory
from automl.trial import FailureCause, TrialState
from tests.faults.drivers import PLAIN, Driver, Ended, automl, is_alive, logged
from tests.faults.rounds import slowly
from tests.faults.sick_space import FAULTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SICK = str(Path(__file__).with_name("sick_space.py"))
SEARCH = [
    *["search", "iris", "--cv", "none", "--workers", "1", "--seed", "1", "--space", SICK],
    *["--sampler", "grid", "--pruner", "none"],
]
#: What a builder does, and what must be said of its trial.
SAID = {
    "kill": (FailureCause.CRASHED, "SIGKILL"),
    "segfault": (FailureCause.CRASHED, "SIGSEGV"),
    "exit": (FailureCause.CRASHED, "exit code 7"),
    "memory": (FailureCause.OUT_OF_MEMORY, "MemoryError"),
    "raise": (FailureCause.BUILDER, "this builder does not like you"),
    "sys.exit": (FailureCause.BUILDER, "SystemExit"),
    "nan": (FailureCause.DIVERGED, "NaN"),
    "threads": (None, ""),
}
#: Every second trial is healthy, so that no cause comes three times in a row.
COUNT = 2 * len(SAID) + 1


def search(
    folder: Path, name: str, faults: dict[str, str], *more: str, trials: int, epochs: int = 4
) -> tuple[Ended, dict[int, TrialRecord]]:
    """A search whose builder fails at some places; its trials by number."""
    (folder / f"{name}.json").write_text(json.dumps(faults))
    limits = ["--trials", str(trials), "--epochs", str(epochs), "--patience", str(epochs)]
    extra = {FAULTS: str(folder / f"{name}.json")}
    ended = automl(folder, *SEARCH, *limits, *more, "--directory", name, extra=extra)
    return ended, trials_of(folder / name)


def trials_of(run: Path) -> dict[int, TrialRecord]:
    trials = read_record(RunDirectory.open(run)).trials
    return {trial.trial: trial for trial in trials if isinstance(trial.trial, int)}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[int, TrialRecord]:
    """The trials of a search that nothing strikes."""
    ended, trials = search(tmp_path_factory.mktemp("healthy"), "healthy", {}, *PLAIN, trials=COUNT)
    assert ended.code == 0, ended
    return trials


def untouched(trial: TrialRecord) -> Any:
    """What no fault of another trial may change."""
    assert trial.trained is not None
    form = to_form(trial.trained)  # not means over trainings of a finalist
    del form["seconds"], form["timings"], form["test_seconds"]
    del form["model_hash"], form["predictions"]  # whether they are kept depends on the others
    return trial.trial, trial.config, trial.seed, trial.scores, form


def test_what_builders_do_costs_their_trials_only(
    healthy: dict[int, TrialRecord], tmp_path: Path, moments: random.Random
) -> None:
    order = dict(zip(range(1, COUNT, 2), moments.sample(list(SAID), len(SAID)), strict=True))
    faults = {str(healthy[trial].config["place"]): fault for trial, fault in order.items()}
    ended, sick = search(tmp_path, "sick", faults, *PLAIN, trials=COUNT)
    assert ended.code == 0, ended
    assert len(sick) == COUNT
    for number, trial in sick.items():
        cause, reason = SAID.get(order.get(number, ""), (None, ""))
        if cause is None:
            assert untouched(trial) == untouched(healthy[number])
            continue
        assert trial.state is TrialState.FAILED
        assert trial.result is not None
        assert trial.result.cause is cause, (order[number], trial.result)
        assert reason in trial.reason
        assert re.search(rf"trial {number} failed: .*{reason}", logged(tmp_path / "sick"))


# In short: `tests/engines/test_local.py` kills workers, and builders that end theirs are above.
@pytest.mark.parametrize("times", slowly(15))
def test_a_worker_killed_from_outside_costs_at_most_its_trial(
    times: int, tmp_path: Path, moments: random.Random
) -> None:
    trials = 3 * times + 3  # the space has 48 places
    _, healthy = search(tmp_path, "healthy", {}, trials=trials, epochs=60)
    command = [*SEARCH, "--trials", str(trials), "--epochs", "60", "--patience", "60"]
    extra = {FAULTS: str(tmp_path / "healthy.json")}
    struck = tmp_path / "struck"
    sent: dict[str, int] = {}
    with Driver(tmp_path, *command, "--directory", "struck", extra=extra) as driver:
        for strike in range(times):
            # A completed trial between two strikes, so that no cause comes three times in a row.
            done = 3 * strike
            if not driver.wait_for(lambda d=done: logged(struck).count(" completed: ") > d):
                break
            time.sleep(moments.uniform(0.0, 0.5))
            for worker in driver.workers():
                name = moments.choice(["SIGKILL", "SIGSEGV", "SIGABRT"])
                if is_alive(worker):
                    os.kill(worker, getattr(signal, name))
                    sent[name] = sent.get(name, 0) + 1
        ended = driver.end()
    assert ended.code == 0, ended
    print(f"sent {sent}")
    after = trials_of(struck)
    assert after.keys() == healthy.keys()
    failed = {number for number, trial in after.items() if trial.state is TrialState.FAILED}
    assert len(failed) <= times
    for number, trial in after.items():
        if number not in failed:
            assert untouched(trial) == untouched(healthy[number])
            continue
        assert trial.result is not None
        assert trial.result.cause is FailureCause.CRASHED
        assert any(name in trial.reason for name in sent)


@pytest.mark.slow  # a minute; each of its parts is a test of the engine's in every run
def test_what_never_ends_is_ended_by_the_limit(
    healthy: dict[int, TrialRecord], tmp_path: Path
) -> None:
    """A builder that hangs, one that prints, and a worker that stands still."""
    order = {1: "hang", 2: "print"}  # not 0: the defaults are built before a run is made, too
    faults = {str(healthy[trial].config["place"]): fault for trial, fault in order.items()}
    (tmp_path / "faults.json").write_text(json.dumps(faults))
    limits = ["--trials", "5", "--epochs", "1000000", "--patience", "1000000"]
    extra = {FAULTS: str(tmp_path / "faults.json")}
    command = [*SEARCH, *limits, "--trial-time", "3s", "--directory", "run"]
    with Driver(tmp_path, *command, extra=extra) as driver:
        assert driver.wait_for(lambda: "trial 3 completed" in logged(tmp_path / "run"))
        (worker,) = driver.workers()
        os.kill(worker, signal.SIGSTOP)
        ended = driver.end()
        assert not is_alive(worker)
    assert ended.code == 0, ended
    trials = trials_of(tmp_path / "run")
    failed = [number for number, trial in trials.items() if trial.state is TrialState.FAILED]
    assert failed == [1, 2, 4]
    for number in failed:
        result = trials[number].result
        assert result is not None
        assert result.cause is FailureCause.TIME_LIMIT
        assert "3 s" in result.reason
    logs = sum(log.stat().st_size for log in (tmp_path / "run" / "logs").iterdir())
    assert logs < 64 << 20, "a builder that prints without end fills the disk"
    assert sum(file.stat().st_size for file in (tmp_path / "run").rglob("*.txt")) < 1 << 20
