"""Two drivers at once: on one run's directory the second stops; on one database both work."""

from __future__ import annotations

import itertools
import os
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from automl.errors import AutoMLError
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.trial import TrialState
from tests.faults.drivers import Driver, automl, board, lines_of, logged, succeed
from tests.faults.rounds import rounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SMALL = str(Path(__file__).with_name("small_space.py"))
SEARCH = [
    *("search", "iris", "--epochs", "3", "--patience", "3", "--workers", "1", "--seed", "1"),
    *("--cv", "none"),
]
GRID = [*SEARCH, "--space", SMALL, "--sampler", "grid", "--pruner", "none"]
#: Environment variable with another database to try, such as postgresql://me@host/studies.
STORAGE = "AUTOML_TEST_STORAGE"


def sharing(folder: Path) -> list[str]:
    """The options of a study that a test's searches share, and no other test's."""
    storage = os.environ.get(STORAGE, "sqlite:///shared.db")
    return ["--storage", storage, "--study", f"{folder.name}-{os.getpid()}"]


def storage_of(run: Path) -> str:
    """The database that a run records, as a person would name it."""
    storage = RunDirectory.open(run).read_manifest()["storage"]
    assert isinstance(storage, str)
    return storage


def test_the_second_driver_of_a_run_says_so_and_stops(tmp_path: Path) -> None:
    search = [*SEARCH, "--space", SMALL, "--trials", "12"]
    with Driver(tmp_path, *search, "--directory", "run") as first:
        assert first.wait_for(lambda: lines_of(tmp_path / "run") > 30)
        second = automl(tmp_path, "resume", "run", "--trials", "99")
        assert (second.code, second.is_one_sentence()) == (1, True), second
        assert "is in use by another process" in second.complaint
        again = automl(tmp_path, *search, "--directory", "run")
        assert (again.code, again.is_one_sentence()) == (2, True), again
        assert first.process.poll() is None
        assert first.end().code == 0
    trials = read_record(RunDirectory.open(tmp_path / "run")).trials
    assert len(trials) == 12
    assert all(trial.result is not None for trial in trials)


@pytest.mark.parametrize("kills", rounds(1, 20))
def test_drivers_that_share_a_study_run_no_trial_twice(
    kills: int, tmp_path: Path, moments: random.Random
) -> None:
    runs = [tmp_path / name for name in ("one", "other")]
    trials = 8 if kills == 1 else 20
    command = [*GRID, *sharing(tmp_path), "--trials", str(trials)]
    drivers: dict[Path, Driver] = {}

    def start(run: Path) -> Driver:
        known = (run / "run.json").exists()
        arguments = ["resume", run.name] if known else [*command, "--directory", run.name]
        drivers[run] = Driver(tmp_path, *arguments)
        return drivers[run]

    try:
        for run in runs:
            start(run)
        for _ in range(kills):
            run = moments.choice(runs)
            # Mostly while it proposes and trains, sometimes while it starts.
            drivers[run].wait_for(lambda r=run: "study: " in logged(r))
            time.sleep(moments.uniform(0.0, 6.0))
            drivers[run].kill()
            start(run)
        ended = [drivers[run].end() for run in runs]
    finally:
        for driver in drivers.values():
            driver.kill()
    assert [end.code for end in ended] == [0, 0], ended

    storage = storage_of(runs[0])
    record = read_record(RunDirectory.open(runs[0]), storage=storage)
    assert [trial.state for trial in record.trials] == [TrialState.COMPLETED] * trials
    tried = Counter(tuple(sorted(trial.config.items())) for trial in record.trials)
    assert len(tried) == trials, "a configuration was proposed twice"
    completed = Counter(
        trial for run in runs for trial in re.findall(r"trial (\d+) completed", logged(run))
    )
    assert set(completed.values()) <= {1}, "a trial was run to its end twice"
    folders = [{path.name for path in (run / "trials").glob("[0-9]*")} for run in runs]
    assert folders[0].isdisjoint(folders[1])
    assert folders[0] | folders[1] == {str(trial) for trial in range(trials)}
    boards = [board(run, storage) for run in runs]
    for row in itertools.chain(*boards):
        row.pop("predictions")  # each run has files of the trials that it trained
    assert boards[0] == boards[1]

    best = record.best()
    assert best is not None
    holder, other = runs if not best.place else reversed(runs)
    assert (holder / "best" / "model.keras").exists()
    export = ["export", other.name, "--to", "model"]
    assert automl(tmp_path, *export).code == 2
    refused = automl(tmp_path, *export, "--storage", storage)
    assert (refused.code, refused.is_one_sentence()) == (2, True)
    assert str(holder) in refused.complaint


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (["--seed", "2"], "way to read or split"),
        (["--space", "linear", "--sampler", "random"], "search space"),
    ],
)
def test_only_the_same_search_joins_a_study(change: list[str], word: str, joined: Path) -> None:
    refused = automl(
        joined, *GRID, *sharing(joined), "--trials", "1", "--directory", "new", *change
    )
    assert (refused.code, refused.is_one_sentence()) == (2, True), refused
    assert word in refused.complaint
    assert not (joined / "new").exists()


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joined")
    succeed(folder, *GRID, *sharing(folder), "--trials", "1", "--directory", "first")
    return folder


@pytest.mark.slow
def test_a_killed_drivers_trial_waits_for_its_own_run(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    endless = ["--epochs", "100000", "--patience", "100000", "--trial-time", "4s"]
    command = [*GRID, *sharing(tmp_path), *endless, "--trials", "1"]
    with Driver(tmp_path, *command, "--directory", "one") as driver:
        assert driver.wait_for(lambda: states(one) == [TrialState.RUNNING])
        driver.kill()
    idle = automl(tmp_path, *command, "--directory", "other")
    assert idle.code == 1
    assert "No trial of" in idle.complaint
    assert states(other) == [TrialState.RUNNING]
    succeed(tmp_path, "resume", "one")
    assert states(other) == [TrialState.COMPLETED]


def states(run: Path) -> list[TrialState]:
    """Of a run's trials; none while it has no study yet."""
    try:
        directory = RunDirectory.open(run)
        return [trial.state for trial in read_record(directory, storage=storage_of(run)).trials]
    except AutoMLError:
        return []
