"""Folders of Ray that killed searches have left: the next start removes them, and only them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automl.engines.process_table import began
from automl.engines.ray_exchange import MOST_MOVES, ClosedGently, Exchange
from automl.engines.ray_folder import clear_left
from automl.engines.ray_health import KNOCKS, Health
from automl.engines.ray_trainable import STARTED
from automl.engines.ray_tune import is_of_machine
from automl.testing.engine_trials import make_spec
from tests.engines.test_ray_exchange import PLACE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def make_folder(parent: Path, name: str, pid: int, start: int | None) -> Path:
    folder = parent / f"automl-ray-{name}"
    folder.mkdir()
    (folder / "owner.json").write_text(json.dumps({"pid": pid, "began": start}))
    return folder


def test_what_a_killed_search_left_is_removed(tmp_path: Path) -> None:
    here = began(os.getpid())
    mine = make_folder(tmp_path, "mine", os.getpid(), here)
    left = make_folder(tmp_path, "left", os.getpid(), (here or 0) - 1)  # the number used again
    young = tmp_path / "automl-ray-young"
    young.mkdir()
    old = tmp_path / "automl-ray-old"
    old.mkdir()
    os.utime(old, (time.time() - 3600,) * 2)
    other = tmp_path / "other"
    other.mkdir()
    agent = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", f"--session={left}/session"]
    )
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(mine)])
    try:
        clear_left(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {mine.name, young.name, other.name}
        assert agent.wait(timeout=300) == -9
        assert bystander.poll() is None
    finally:
        for process in (agent, bystander):
            process.kill()
            process.wait()


def test_a_machine_that_leaves_is_no_fault_of_its_trial() -> None:
    exchange = Exchange(ClosedGently)
    exchange.submit(make_spec(0))
    for move in range(MOST_MOVES + 1):
        assert exchange.next_trial(str(move)) is not None
        exchange.took_step(str(move), {STARTED: PLACE})
        exchange.lost(str(move), "its node has died", of_machine=True)
    assert len(exchange.take_events(0.0)) == 1  # then it fails after all
    assert exchange.failure() == ""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The actor died because its node has died. Node Id: 3f", True),
        ("The actor is dead because the node (IP: 10.0.0.2) was terminated unexpectedly", True),
        ("The actor is dead because its worker process has died. SIGKILL", False),
        ("The actor is dead because its owner has died. Owner's node has crashed.", True),
        ("ValueError: a node has too many layers", False),
    ],
)
def test_why_an_actor_died_tells_whose_fault_it_was(said: str, expected: bool) -> None:
    assert is_of_machine(said) is expected


def test_a_head_that_does_not_answer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl.engines.ray_health.KNOCK_EVERY", 0.01)
    health = Health("127.0.0.1:1")
    for _ in range(KNOCKS - 1):
        time.sleep(0.02)
        assert health.lost() == ""
    time.sleep(0.02)
    assert "127.0.0.1:1 does not answer" in health.lost()
