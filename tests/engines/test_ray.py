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
from automl.engines.ray_tune import describe_death
from automl.engines.ray_workload import PortableSpace
from automl.testing.engine_trials import ENDLESS, SPACE, Seen, make_job, make_spec
from automl.trial import Answer, FailureCause, TrialState

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
    engine.answer(30, Answer.STOP)
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
        timeout=300,
        check=True,
    )
    assert done.stdout.decode().strip() == "('fault', 'width')"


def test_a_death_is_told_in_one_sentence() -> None:
    said = "The actor died.\n\tclass_name: X\nWorker exit detail: it ran out of luck. Perhaps.\n"
    assert describe_death(said) == "its Ray actor died: it ran out of luck. Perhaps."
    assert describe_death("") == "its Ray actor died"


#: A trial of four seconds whose actor, on this machine or another one, is stopped for six.
STOPPED = """
import os, signal, sys, time
from pathlib import Path
import ray
from automl.engines.contract import EpochFinished, EpochRunning, TrialEnded
from automl.engines.ray import RayEngine
from automl.testing.engine_trials import ENDLESS, Seen, make_job, make_spec

if sys.argv[2] == "another":
    from ray.cluster_utils import Cluster
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "dashboard_port": None})
    cluster.add_node(num_cpus=1)
    ray.init(cluster.address, log_to_driver=False)
with RayEngine(1) as engine:
    engine.open(make_job(Path(sys.argv[1])))
    seen = Seen(engine)
    engine.submit(make_spec(0))
    seen.until_ended(0)
    engine.submit(make_spec(1, epochs=ENDLESS, seconds=4.0))
    while not seen.reports(1):
        seen.one_more()
    (trial,) = engine._exchange.running()
    is_here = trial.place.node == ray.get_runtime_context().get_node_id()
    assert is_here == (sys.argv[2] == "here")
    os.kill(trial.place.pid, signal.SIGSTOP)
    until = time.monotonic() + 6.0
    while time.monotonic() < until:
        for event in engine.events(0.25):
            if isinstance(event, EpochRunning):  # of a busy machine
                continue
            assert isinstance(event, EpochFinished), event
    os.kill(trial.place.pid, signal.SIGCONT)
    (result,) = seen.until_ended(1)
    assert result.seconds > 8.0
    print(result.state, result.reason)
ray.shutdown()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("where", ["here", "another"])
def test_an_actor_that_was_stopped_has_not_spent_its_time(where: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(tmp_path), where],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("completed it reached its time limit of 4 s"), done.stdout
