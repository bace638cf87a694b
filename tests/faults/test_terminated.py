"""SIGTERM and SIGHUP end a search as Ctrl-C does, within the grace, and it can be resumed."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.faults.drivers import (
    PLAIN,
    Driver,
    children_of,
    descendants_of,
    is_alive,
    logged,
    succeed,
)
from tests.faults.rounds import slowly

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SEARCH = ["search", "iris", "--cv", "none", "--epochs", "20", "--workers", "1", "--trials", "2000"]
SEARCH += [*PLAIN, "--directory", "run", "--sampler", "random", "--grace", "600s"]


def some_trial_is_complete(run: Path) -> bool:
    return "trial 1 completed" in logged(run)


@pytest.mark.parametrize("number", [signal.SIGTERM, *slowly(signal.SIGHUP)])
def test_what_is_complete_is_exported(number: signal.Signals, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with Driver(tmp_path, *SEARCH) as driver:
        assert driver.wait_for(lambda: some_trial_is_complete(run))
        family = descendants_of(driver.process.pid)
        for pid in (driver.process.pid, *family):  # as systemd and Slurm do
            os.kill(pid, number)
        ended = driver.end()
    assert ended.code == 128 + number, ended
    assert ended.is_one_sentence(), ended
    assert f"stopped by {number.name}; `automl resume run` goes on" in ended.complaint
    assert (run / "best" / "model.keras").exists()
    assert f"{number.name}: what runs is ended" in ended.printed
    assert "within 600 s (--grace)" in ended.printed
    assert "Next:" in ended.printed
    assert " failed" not in logged(run)
    assert not any(map(is_alive, family))
    succeed(tmp_path, "resume", "run", "--trials", "1")


# In short: `tests/tuning/test_interruption.py`, and Ctrl-C twice in `tests/cli/test_search.py`.
@pytest.mark.slow
def test_a_second_one_stops_at_once(tmp_path: Path) -> None:
    with Driver(tmp_path, *SEARCH) as driver:
        assert driver.wait_for(lambda: some_trial_is_complete(tmp_path / "run"))
        driver.process.send_signal(signal.SIGTERM)
        assert driver.wait_for(lambda: "SIGTERM: what runs is ended" in driver.printed)
        driver.process.send_signal(signal.SIGTERM)
        ended = driver.end()
    assert ended.code == 143, ended
    assert ended.complaint == (
        "automl: Stopped at once by SIGTERM; `automl resume run` goes on where it stopped.\n"
    )


# In short: `tests/tuning/test_interruption.py`.
@pytest.mark.slow
def test_the_end_of_the_grace_stops_at_once(tmp_path: Path) -> None:
    arguments = [*SEARCH[:-1], "0.01s"]
    with Driver(tmp_path, *arguments) as driver:
        assert driver.wait_for(lambda: some_trial_is_complete(tmp_path / "run"))
        driver.process.send_signal(signal.SIGTERM)
        ended = driver.end()
    assert ended.code == 143, ended
    assert "Stopped at once by SIGTERM" in ended.complaint, ended
    assert not (tmp_path / "run" / "best").exists()


# In short: `tests/tuning/test_interruption.py`.
@pytest.mark.slow
def test_nohup_is_respected(tmp_path: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with Driver(tmp_path, *SEARCH, preexec_fn=ignore) as driver:
        assert driver.wait_for(lambda: "search: space" in driver.printed)
        driver.process.send_signal(signal.SIGHUP)
        before = len(logged(tmp_path / "run"))
        assert driver.wait_for(lambda: len(logged(tmp_path / "run")) > before)
        assert "SIGHUP" not in driver.printed
        assert children_of(driver.process.pid)


def test_a_command_that_only_waits_ends_quietly(tmp_path: Path) -> None:
    """While the search starts nothing is worth a grace."""
    with Driver(tmp_path, *SEARCH) as driver:
        assert driver.wait_for(lambda: "_heapq" in maps_of(driver.process.pid))
        time.sleep(0.1)
        driver.process.send_signal(signal.SIGTERM)
        ended = driver.end()
    assert ended.code == 143, ended
    assert "Traceback" not in ended.complaint, ended


def maps_of(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()
