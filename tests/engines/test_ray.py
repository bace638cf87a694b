"""The Ray engine beyond the contract: deaths, hangs, replacement, files."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import psutil
import pytest

from automl.engines.contract import Job, SpaceHandle
from automl.engines.ray import RayEngine
from automl.engines.ray_trainable import PortableSpace
from automl.engines.ray_tune import describe_death
from automl.trial import FailureCause, TrialState
from tests.engines.conformance import ENDLESS, SPACE, Seen, make_job, make_spec

pytestmark = pytest.mark.slow  # each starts a Ray of its own


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return make_job(tmp_path_factory.mktemp("job"))


def pid_of_the_only_actor() -> int:
    """The process that trains, found among the children of this one's Ray by its title."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "Trainable" in " ".join(child.cmdline()):
                    return child.pid
        time.sleep(0.05)  # between two of its tasks an actor goes by another title
    raise AssertionError("nobody trains")


@pytest.fixture(scope="module")
def engine(job: Job) -> Iterator[RayEngine]:
    with RayEngine(1, stall_seconds=3.0, memory_growth=1) as engine:
        engine.open(job)
        yield engine


def test_an_actor_killed_from_outside_costs_its_trial_only(engine: RayEngine) -> None:
    seen = Seen(engine)
    engine.submit(make_spec(0, epochs=ENDLESS))
    engine.submit(make_spec(1))
    while not seen.reports(0):
        seen.one_more()
    os.kill(pid_of_the_only_actor(), signal.SIGKILL)
    killed, next_one = seen.until_ended(0, 1)
    assert (killed.state, killed.cause) == (TrialState.FAILED, FailureCause.CRASHED)
    assert "actor" in killed.reason
    assert next_one.state is TrialState.COMPLETED


def test_a_hanging_actor_is_killed_and_replaced(engine: RayEngine) -> None:
    seen = Seen(engine)
    engine.submit(make_spec(10, "hang"))
    engine.submit(make_spec(11))
    hung, next_one = seen.until_ended(10, 11)
    assert hung.cause is FailureCause.STALLED
    assert next_one.state is TrialState.COMPLETED


def test_an_overgrown_actor_is_replaced_between_trials(engine: RayEngine) -> None:
    seen = Seen(engine)
    for trial in (20, 21, 22):
        engine.submit(make_spec(trial))
    assert {result.state for result in seen.until_ended(20, 21, 22)} == {TrialState.COMPLETED}


def test_an_idle_actor_that_dies_costs_no_trial(engine: RayEngine) -> None:
    seen = Seen(engine)
    engine.submit(make_spec(30, epochs=ENDLESS, wait=True))
    while not seen.reports(30):
        seen.one_more()
    pid = pid_of_the_only_actor()
    engine.answer(30, False)
    seen.until_ended(30)
    psutil.Process(pid).kill()
    engine.submit(make_spec(31))
    assert seen.until_ended(31)[0].state is TrialState.COMPLETED


def test_files_of_an_earlier_attempt_are_gone(engine: RayEngine, job: Job) -> None:
    directory = job.run / "trials" / "40"
    directory.mkdir(parents=True)
    (directory / "error.txt").write_text("before")
    engine.submit(make_spec(40))
    Seen(engine).until_ended(40)
    assert not (directory / "error.txt").exists()
    assert (directory / "model.keras").exists()


def test_a_trial_whose_files_cannot_be_written_fails(engine: RayEngine, job: Job) -> None:
    (job.run / "trials").mkdir(parents=True, exist_ok=True)
    (job.run / "trials" / "50").write_text("a file where the folder is to be")
    engine.submit(make_spec(50))
    (result,) = Seen(engine).until_ended(50)
    assert result.state is TrialState.FAILED
    assert "files could not be written" in result.reason


def test_a_space_is_carried_to_machines_without_its_file(tmp_path: Path) -> None:
    file = tmp_path / "my_space.py"
    file.write_text(SPACE.read_text())
    space = PortableSpace.of(SpaceHandle(reference=f"{file}:space"))
    file.unlink()
    code = "import sys, cloudpickle; print(cloudpickle.load(sys.stdin.buffer).load().names)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=cloudpickle.dumps(space),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.decode().strip() == "('fault', 'width')"


def test_a_death_is_told_in_one_sentence() -> None:
    said = "The actor died.\n\tclass_name: X\nWorker exit detail: it ran out of luck. Perhaps.\n"
    assert describe_death(said) == "its Ray actor died: it ran out of luck. Perhaps."
    assert describe_death("") == "its Ray actor died"
