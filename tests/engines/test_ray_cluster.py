"""Ray started, joined and left: quietly, and with nothing left behind."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest
import ray

from automl.engines.contract import Job
from automl.engines.ray import RayEngine
from automl.engines.ray_cluster import connect
from automl.errors import RequestError
from automl.testing.engine_trials import ENDLESS, Seen, make_job, make_spec

pytestmark = pytest.mark.slow  # each starts a Ray of its own


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return make_job(tmp_path_factory.mktemp("job"))


SCRIPT = """
import sys, time
from pathlib import Path
from automl.engines.ray import RayEngine
from automl.testing.engine_trials import Seen, make_job, make_spec
import signal
before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
with RayEngine(1) as engine:
    engine.open(make_job(Path(sys.argv[1])))
    assert before == [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    seen = Seen(engine)
    engine.submit(make_spec(0, "exit"))
    engine.submit(make_spec(1))
    seen.until_ended(0, 1)
    import json, os, psutil
    children = psutil.Process().children(recursive=True)
    folder = [str(path) for path in Path("/tmp").glob("automl-ray-*")]
    doors = [door for child in children for door in child.net_connections("inet")]
    heard = sorted({door.laddr.ip for door in doors if door.status == psutil.CONN_LISTEN})
    nice = max(child.nice() for child in children) - psutil.Process().nice()
seen = [[child.pid for child in children], folder, heard, nice]
Path(sys.argv[1], "seen.json").write_text(json.dumps(seen))
"""


def is_loopback(address: str) -> bool:
    return ip_address(address.removeprefix("::ffff:")).is_loopback  # as IPv6 writes one of IPv4


def test_it_is_quiet_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = set(Path("/tmp").glob("automl-ray-*"))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    pids, folders, heard, nicer = json.loads((tmp_path / "seen.json").read_text())
    assert pids
    assert nicer == 0  # or they would starve beside other work, where local workers do not
    assert folders
    assert heard and all(is_loopback(one) for one in heard), heard
    deadline = time.monotonic() + 300.0
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert set(Path("/tmp").glob("automl-ray-*")) <= before


@pytest.mark.parametrize("address", ["ray://x:1", "127.0.0.1:1", "nonsense", "auto"])
def test_an_address_where_no_cluster_is_found_is_refused(job: Job, address: str) -> None:
    with pytest.raises(RequestError, match=address), RayEngine(1, address) as engine:
        engine.open(job)


@pytest.fixture
def access() -> dict[str, str]:
    """The environment of a cluster of this test's own, and of those who may join it."""
    access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return {**os.environ, **access, "RAY_worker_niceness": "0"}  # or it starves beside other work


@pytest.fixture
def cluster(access: dict[str, str]) -> Iterator[str]:
    """A cluster that somebody else has started on this machine."""
    code = """
import ray, sys
context = ray.init(
    address="local", num_cpus=3, include_dashboard=False, log_to_driver=False, logging_level=50
)
print(context.address_info["gcs_address"], flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=access,
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


JOINING = """
import sys
from pathlib import Path
from automl.engines.ray import RayEngine
from automl.engines.ray_cluster import cluster_size
from automl.testing.engine_trials import ENDLESS, Seen, make_job, make_spec

print(cluster_size(sys.argv[2]))
job = make_job(Path(sys.argv[1]))
for trial in (0, 1):
    with RayEngine(1, sys.argv[2]) as engine:
        engine.open(job)
        engine.submit(make_spec(trial))
        print(Seen(engine).until_ended(trial)[0].state)
        engine.submit(make_spec(trial + 10, epochs=ENDLESS))
"""


def test_a_cluster_is_joined_by_its_address_and_left(
    cluster: str, access: dict[str, str], tmp_path: Path
) -> None:
    # In a process of its own: Ray reads once how a process may join clusters.
    done = subprocess.run(
        [sys.executable, "-c", JOINING, str(tmp_path), cluster],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
        env=access,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "(3, 0)\ncompleted\ncompleted\n", "")


def test_a_ray_that_is_connected_already_is_used_and_stays(job: Job) -> None:
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        with RayEngine(1) as engine:
            engine.open(job)
            seen = Seen(engine)
            engine.submit(make_spec(80, epochs=ENDLESS))
            while not seen.reports(80):
                seen.one_more()
        assert ray.is_initialized()
        while ray.available_resources().get("CPU") != 1.0:
            time.sleep(0.1)
    finally:
        ray.shutdown()


#: Kills the raylet of this machine, or the head's control service, in the midst of a trial.
STRUCK = """
import sys
from pathlib import Path
import psutil
from automl.engines.contract import EpochFinished, EpochRunning
from automl.engines.ray import RayEngine
from automl.errors import RunError
from automl.trial import Answer
from automl.testing.engine_trials import ENDLESS, make_job, make_spec

def part(name, address):
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        if words[0].endswith("/raylet") and any(address in word for word in words):
            others = process.parent().children()  # of the same cluster
            return next(one for one in others if one.cmdline()[0].endswith(name))

epochs = 0
try:
    with RayEngine(1, sys.argv[2]) as engine:
        engine.open(make_job(Path(sys.argv[1])))
        engine.submit(make_spec(0, epochs=ENDLESS, wait=True))
        while True:
            for event in engine.events(0.25):
                if isinstance(event, EpochRunning):  # of a busy machine
                    continue
                assert isinstance(event, EpochFinished), event
                epochs += 1
                if epochs == 10:
                    part(sys.argv[3], sys.argv[2]).kill()
                engine.answer(0, Answer.GO_ON)
except RunError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("part", "told"), [("raylet", "the raylet of this machine has ended"), ("gcs_server", "head")]
)
def test_what_dies_of_a_cluster_is_named(
    part: str, told: str, cluster: str, access: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRUCK, str(tmp_path), cluster, part],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=Path(__file__).parents[2],
        env=access,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Ray has died under the search: "), done.stdout
    assert told in done.stdout


def test_a_cluster_that_has_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # as a file of Ray's says it, too
    with (
        pytest.raises(RequestError, match=r"no Ray cluster at auto .*:1 is written down"),
        connect("auto", 1),
    ):
        pass
