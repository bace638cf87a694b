"""A real search, killed with SIGKILL at random moments and resumed, ends as an unbroken one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SEARCH = ["search", "digits", "--trials", "8", "--epochs", "6", "--workers", "1", "--seed", "1"]


def automl(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "automl", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def board(run: Path, cwd: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        finish(automl("leaderboard", str(run), "--format", "json", cwd=cwd))
    )
    for row in rows:
        row.pop("seconds")
    return rows


def is_over(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def children_of(pid: int) -> list[int]:
    """The processes that a driver has started, and those that they have."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children_of(child)]
    return found


def kill_and_resume(tmp_path: Path, kills: int, seed: int) -> None:
    finish(automl(*SEARCH, "--directory", "unbroken", cwd=tmp_path))
    moments = random.Random(seed)
    broken = tmp_path / "broken"
    print(f"seed of the moments: {seed}")
    for kill in range(kills):
        resuming = (broken / "run.json").exists()
        command = ["resume", "broken"] if resuming else [*SEARCH, "--directory", "broken"]
        process = automl(*command, cwd=tmp_path)
        # TensorFlow takes about 5 s to import; the last kills fall into later and later trials.
        time.sleep(moments.uniform(0.5, 7.0 + kill))
        orphans = children_of(process.pid) if process.poll() is None else []
        process.send_signal(signal.SIGKILL)
        process.communicate()
        deadline = time.monotonic() + 10
        while not all(map(is_over, orphans)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert all(map(is_over, orphans)), "a killed driver left processes behind"
    resuming = (broken / "run.json").exists()
    finish(
        automl(
            *(["resume", "broken"] if resuming else [*SEARCH, "--directory", "broken"]),
            cwd=tmp_path,
        )
    )
    assert board(broken, tmp_path) == board(tmp_path / "unbroken", tmp_path)
    best_of = [json.loads((tmp_path / run / "best" / "config.json").read_text()) for run in
               ("unbroken", "broken")]  # fmt: skip
    assert best_of[0]["trial"] == best_of[1]["trial"]
    assert best_of[0]["model_hash"] == best_of[1]["model_hash"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="reads /proc")
def test_killed_three_times(tmp_path: Path) -> None:
    kill_and_resume(tmp_path, kills=3, seed=random.SystemRandom().randrange(10**6))


@pytest.mark.slow
def test_killed_ten_times(tmp_path: Path) -> None:
    kill_and_resume(tmp_path, kills=10, seed=random.SystemRandom().randrange(10**6))
