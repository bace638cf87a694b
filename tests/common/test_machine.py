"""The cores and the memory that there are, of made-up machines and of this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.machine import (
    Machine,
    may_have_gpu,
    process_bound,
    processor,
    total_memory,
    usable_cores,
)


def make_root(root: Path, cgroup: str, files: Mapping[str, str], memory: int = 8192) -> Path:
    """A machine of some kibibytes of memory, half of them available, with control groups."""
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "cgroup").write_text(cgroup + "\n")
    (root / "proc" / "meminfo").write_text(
        f"MemTotal: {memory} kB\nMemAvailable: {memory // 2} kB\nHugePages_Total: 0\n"
    )
    for name, text in files.items():
        path = root / "sys" / "fs" / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "cores"),
    [
        pytest.param("0::/", {}, 64, id="none"),
        pytest.param("0::/", {"cpu.max": "max 100000"}, 64, id="no quota"),
        pytest.param("0::/", {"cpu.max": "200000 100000"}, 2, id="a container's own top"),
        pytest.param("0::/a/b", {"a/b/cpu.max": "400000 100000"}, 4, id="nested"),
        pytest.param(
            "0::/a/b",
            {"a/b/cpu.max": "400000 100000", "a/cpu.max": "300000 100000"},
            3,
            id="the tightest ancestor",
        ),
        pytest.param("0::/a/b", {"a/cpu.max": "150000 100000"}, 1, id="whole cores"),
        pytest.param("0::/", {"cpu.max": "5000 100000"}, 1, id="one at least"),
        pytest.param("0::/../x", {"x/cpu.max": "200000 100000"}, 2, id="seen from outside"),
        pytest.param(
            "3:cpu,cpuacct:/docker/1\n0::/",
            {
                "cpu,cpuacct/cpu.cfs_quota_us": "250000",
                "cpu,cpuacct/cpu.cfs_period_us": "100000",
            },
            2,
            id="version 1, the container's group at the top",
        ),
        pytest.param(
            "3:cpu:/box",
            {"cpu/box/cpu.cfs_quota_us": "-1", "cpu/box/cpu.cfs_period_us": "100000"},
            64,
            id="version 1 without a quota",
        ),
        pytest.param(
            "4:memory:/\n0::/box",
            {"unified/box/cpu.max": "500000 100000"},
            5,
            id="both versions",
        ),
        pytest.param("nonsense", {"cpu.max": "1 x"}, 64, id="unreadable"),
    ],
)
def test_cores_are_those_that_a_container_grants(
    tmp_path: Path, cgroup: str, files: dict[str, str], cores: int
) -> None:
    assert usable_cores(make_root(tmp_path, cgroup, files), affinity=64) == cores


@given(
    affinity=st.integers(1, 256),
    quotas=st.lists(st.integers(1000, 10**8), max_size=4),
)
def test_the_tightest_bound_counts(
    affinity: int, quotas: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folders = ["", "a", "a/b", "a/b/c"][: len(quotas)]
    files = {
        f"{folder}/cpu.max".lstrip("/"): f"{quota} 100000"
        for folder, quota in zip(folders, quotas, strict=True)
    }
    root = make_root(tmp_path_factory.mktemp("machine"), "0::/a/b/c", files)
    expected = min([affinity, *(quota // 100_000 for quota in quotas)])
    assert usable_cores(root, affinity) == max(1, expected)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux tells and sets it")
def test_a_process_that_is_held_to_one_core_has_one() -> None:
    core = min(os.sched_getaffinity(0))
    code = (
        f"import os; os.sched_setaffinity(0, {{{core}}})\n"
        "from automl.common.machine import usable_cores; print(usable_cores())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "1"


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        ("0::/box/inner", {"box/memory.max": "1000", "box/memory.current": "700"}),
        ("0::/box/inner", {"box/inner/memory.max": "1000", "box/inner/memory.current": "700"}),
        ("0::/box", {"memory.max": "1000", "memory.current": "700"}),
        (
            "0::/box",
            {"box/memory.high": "1000", "box/memory.max": "max", "box/memory.current": "700"},
        ),
        (
            "5:cpu:/x\n4:memory:/box",
            {
                "memory/box/memory.limit_in_bytes": "1000",
                "memory/box/memory.usage_in_bytes": "700",
            },
        ),
    ],
)  # fmt: skip
def test_a_container_s_bound_of_memory_counts(
    tmp_path: Path, cgroup: str, files: dict[str, str]
) -> None:
    stat = {
        str(Path(name).parent / "memory.stat"): "inactive_file 100\ntotal_inactive_file 100"
        for name in files
    }
    machine = Machine(make_root(tmp_path, cgroup, {**files, **stat}))
    assert machine.total == 1000
    assert machine.available() == 400


def test_without_a_container_the_machine_counts(tmp_path: Path) -> None:
    root = make_root(tmp_path, "0::/", {"memory.max": "max"})
    machine = Machine(root)
    assert (machine.total, machine.available()) == (8192 * 1024, 4096 * 1024)
    (root / "proc" / "meminfo").write_text("")
    assert machine.available() is None


def test_a_bound_of_addresses_counts_as_memory() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "from automl.common.machine import total_memory; print(total_memory())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) == min(3 << 30, total_memory() or 3 << 30)


def test_a_bound_of_processes_is_found(tmp_path: Path) -> None:
    root = make_root(tmp_path, "8:pids:/a", {"pids/a/pids.max": "max", "pids/pids.max": "40"})
    assert process_bound(root) == 40


@pytest.mark.parametrize(
    ("file", "hidden", "expected"),
    [
        ("dev/nvidia0", None, True),
        ("dev/nvidia0", "0,1", True),
        ("dev/nvidia0", "", False),
        ("dev/nvidia0", "-1", False),
        ("dev/nvidiactl", None, False),
        ("proc/driver/nvidia/gpus/0000:01:00.0", None, True),
        ("dev/null", None, False),
    ],
)
def test_a_gpu_is_looked_for_where_the_system_shows_one(
    file: str, hidden: str | None, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    assert may_have_gpu(tmp_path) is expected


def test_the_processor_is_called_as_the_system_calls_it(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    assert processor(tmp_path) != ""  # its kind, where nothing names it
    (tmp_path / "proc" / "cpuinfo").write_text(
        "processor\t: 0\nmodel name\t: A  Processor (TM) @ 2 GHz\nmodel name\t: Another\n"
    )
    assert processor(tmp_path) == "A Processor (TM) @ 2 GHz"
