"""Parts of Ray that die under a search: it says so at once, and no trial pays for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from automl.testing.engine_trials import ENDLESS

pytestmark = pytest.mark.slow  # each starts a Ray of its own

#: Runs a trial that waits for answers; kills a part of Ray in its midst, and prints how it ended.
STRUCK = """
import sys
from pathlib import Path
import psutil
from automl.engines.contract import EpochFinished, EpochRunning, TrialEnded
from automl.engines.ray import RayEngine
from automl.errors import RunError
from automl.trial import Answer
from automl.testing.engine_trials import ENDLESS, make_job, make_spec

def part(name):
    for child in psutil.Process().children(recursive=True):
        if name in " ".join(child.cmdline()):
            return child

def on_loopback():
    listening = [
        connection.laddr.ip
        for child in psutil.Process().children(recursive=True)
        for connection in child.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    return set(listening) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"} or listening

epochs = 0
try:
    with RayEngine(1) as engine:
        engine.open(make_job(Path(sys.argv[1])))
        engine.submit(make_spec(0, epochs=ENDLESS, wait=True))
        while epochs < int(sys.argv[3]):
            for event in engine.events(0.25):
                if isinstance(event, EpochRunning):  # of a busy machine
                    continue
                assert isinstance(event, EpochFinished), event
                epochs += 1
                if epochs == 1:
                    assert on_loopback() is True, on_loopback()
                if epochs == 10:
                    part(sys.argv[2]).kill()
                engine.answer(0, Answer.GO_ON)
        print("went on")
except RunError as error:
    print(error)
"""


def strike(part: str, folder: Path, epochs: int = ENDLESS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", STRUCK, str(folder), part, str(epochs)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
        check=False,
    )


@pytest.mark.parametrize(
    ("part", "told"), [("gcs_server", "its control service"), ("raylet/raylet", "its raylet")]
)
def test_a_part_without_which_nothing_goes_on_is_named(
    part: str, told: str, tmp_path: Path
) -> None:
    before = set(Path("/tmp").glob("automl-ray-*"))
    done = strike(part, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Ray has died under the search: {told}"), done.stdout
    assert "automl resume" in done.stdout
    assert set(Path("/tmp").glob("automl-ray-*")) <= before


def test_a_mailbox_that_dies_costs_nothing(tmp_path: Path) -> None:
    done = strike("ray::Mailbox", tmp_path, epochs=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")
