"""The guard: what it ends, what it spares, and logs that stay short."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automl.common.machine import Machine
from automl.engines.child import Child
from automl.engines.guard import Guard, shorten_log
from automl.engines.limits import LEAST_WORKER_MEMORY, scarce_memory, too_large
from automl.engines.process_memory import held_memory, resident_memory

MB = 1 << 20

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system tells nothing of its processes"
)


class Holder:
    """A process that holds some memory, as the guard sees a worker."""

    def __init__(self, megabytes: int, log: Path) -> None:
        code = f"x = bytearray({megabytes} << 20); print('x', flush=True); input()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()
        self.child = Child()
        self.child.pid = self.process.pid
        self.log = log
        self.first_memory: int | None = 0
        self.told: list[str] = []

    def end_overgrown(self, why: str) -> None:
        self.told.append(why)


class Poor(Machine):
    """A machine with as much memory left as a test wants."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left, self.total = left, None

    def available(self) -> int:
        return self.left


@pytest.fixture
def holders(tmp_path: Path) -> Iterator[Any]:
    made: list[Holder] = []

    def hold(*sizes: int) -> list[Holder]:
        made.extend(Holder(size, tmp_path / "log") for size in sizes)
        return made

    yield hold
    for holder in made:
        holder.process.kill()
        holder.process.communicate()


def look(holders: list[Holder], limit: int | None = None, left: int = 1 << 40) -> None:
    guard = Guard(lambda: [], None, Poor(left))
    guard.close()
    guard._workers, guard._limit = lambda: holders, limit
    guard.look()


def test_who_holds_more_than_allowed_is_ended(holders: Any) -> None:
    small, large = holders(10, 300)
    look([small, large], limit=200 * MB)
    assert not small.told
    assert len(large.told) == 1
    assert "more than the 200 MB of --memory-per-worker" in large.told[0]


def test_where_memory_is_scarce_the_largest_that_has_grown_is_ended(holders: Any) -> None:
    small, large = holders(10, 300)
    look([small, large], left=scarce_memory(None) - 1)
    assert not small.told
    assert "the most of all workers" in large.told[0]


def test_where_memory_is_scarce_for_other_reasons_no_worker_is_ended(holders: Any) -> None:
    small, large = holders(10, 300)
    large.first_memory = 290 * MB
    look([small, large], left=0)
    assert not small.told
    assert not large.told


def test_with_memory_left_nobody_is_ended(holders: Any) -> None:
    (large,) = holders(300)
    look([large], left=scarce_memory(None))
    assert not large.told


def test_held_memory_is_what_a_process_has_for_itself(holders: Any) -> None:
    (large,) = holders(300)
    held = held_memory(large.process.pid)
    assert held is not None
    assert 300 * MB <= held < 340 * MB
    assert held_memory(0x7FFFFFF0) == 0
    assert resident_memory() == pytest.approx(held_memory(os.getpid()), rel=0.05)


def test_a_long_log_keeps_its_end_and_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "worker-0.log"
    with path.open("ab") as file:
        for line in range(10_000):
            file.write(b"line %d\n" % line)
        file.flush()
        shorten_log(path, most=10_000, kept=1000)
        assert path.stat().st_size < 1100
        file.write(b"the next line\n")
    lines = path.read_text().splitlines()
    assert lines[0].startswith("... the beginning of this log")
    assert lines[-2:] == ["line 9999", "the next line"]
    before = path.read_bytes()
    shorten_log(path, most=10_000, kept=1000)
    assert path.read_bytes() == before
    shorten_log(tmp_path / "none.log")


def test_a_worker_is_replaced_before_what_it_kept_costs_a_trial_its_memory() -> None:
    assert not too_large(1000, 900, 100)
    assert too_large(1001, 900, 100)
    limit = LEAST_WORKER_MEMORY
    assert too_large(300 * MB + (limit - 300 * MB) // 2 + 1, 300 * MB, 1 << 40, limit)
    assert not too_large(310 * MB, 300 * MB, 1 << 40, limit)
