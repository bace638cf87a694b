"""The cores and the memory that this process may use: the machine's, or less in a container.

Every number of cores and every size of the memory in this package comes from here. A bound of a
control group holds for all groups inside it, so the tightest one on the way to the top counts.
"""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

#: Where the system tells of itself: ``proc``, ``sys/fs/cgroup`` and ``dev`` lie below it.
ROOT = Path("/")
#: From this size on, a bound in bytes is how version 1 of control groups writes "none".
_NO_BOUND = 1 << 60
#: What shows that a machine may have a GPU: NVIDIA's, the one of Windows' Linux, AMD's.
_GPU_FILES = ("dev/nvidia[0-9]*", "proc/driver/nvidia/gpus/*", "dev/dxg", "dev/kfd")


def usable_cores(root: Path = ROOT, affinity: int | None = None) -> int:
    """How many cores this process can keep busy, at least 1.

    Args:
        root: Where the system tells of itself.
        affinity: Cores that it may run on; None to ask the system.

    Returns:
        The least of the cores that it may run on and the whole cores that its control groups
        grant (a quota of 2.5 cores keeps two processes busy).
    """
    cores = _affinity() if affinity is None else affinity
    granted = (share for folder in _groups(root, "cpu") if (share := _core_share(folder)))
    return max(1, int(min((float(cores), *granted))))


def processor(root: Path = ROOT) -> str:
    """What the system calls this machine's processor; its kind where it has no name.

    Args:
        root: Where the system tells of itself.
    """
    with contextlib.suppress(OSError):
        for line in (root / "proc/cpuinfo").read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return " ".join(value.split())
    return platform.processor() or platform.machine()


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _core_share(folder: Path) -> float | None:
    """The cores that a group may use, or None without a bound."""
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        of_version_1 = int((folder / "cpu.cfs_quota_us").read_text())
        share = of_version_1 / int((folder / "cpu.cfs_period_us").read_text())
        return share if share > 0 else None
    return None


def may_have_gpu(root: Path = ROOT) -> bool:
    """Whether it is worth asking TensorFlow for GPUs: the system shows a device of the kind."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return False
    return any(next(root.glob(pattern), None) is not None for pattern in _GPU_FILES)


def total_memory() -> int | None:
    """Bytes of memory that this process may use at all, or None where the system does not say."""
    sizes = (Machine().total, address_space())
    return min((size for size in sizes if size is not None), default=None)


class Machine:
    """The memory that is left for more: the machine's, or less where something bounds it.

    Args:
        root: Where the system tells of itself.

    Attributes:
        total: Bytes there are at all, or None where the system does not say.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._bounded = [
            (folder, bound)
            for folder in _groups(root, "memory")
            if (bound := _memory_bound(folder)) is not None
        ]
        self.total = self._read_total()

    def available(self) -> int | None:
        """Bytes that can be taken before the system has to end a process; None if unknown."""
        left = [bound - _used(folder) for folder, bound in self._bounded]
        with contextlib.suppress(OSError, KeyError, ValueError):
            left.append(_meminfo(self._root)["MemAvailable"])
        return max(0, min(left)) if left else None

    def _read_total(self) -> int | None:
        totals = [bound for _, bound in self._bounded]
        try:
            totals.append(_meminfo(self._root)["MemTotal"])
        except (OSError, KeyError, ValueError):
            with contextlib.suppress(AttributeError, OSError, ValueError):  # not on every system
                totals.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        return min(totals, default=None)


def address_space() -> int | None:
    """Bytes of addresses that this process may map (``ulimit -v``); None without a bound."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    bound = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if bound in (resource.RLIM_INFINITY, -1) or bound >= _NO_BOUND else bound


def _meminfo(root: Path) -> dict[str, int]:
    """Bytes by name, of the lines that are in kB."""
    lines = (root / "proc" / "meminfo").read_text().splitlines()
    parts = (line.partition(":")[::2] for line in lines)
    return {name: int(rest.split()[0]) * 1024 for name, rest in parts if rest.endswith("kB")}


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups of this process that may bound something.

    Inside a container, the system may name a group as it is seen from outside, while the folders
    begin at the container's own: so those that are there are taken, up to the top.

    Args:
        root: Where the system tells of itself.
        controller: ``cpu``, ``memory`` or ``pids``.

    Yields:
        Folders, the innermost first.
    """
    mounted = root / "sys" / "fs" / "cgroup"
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if not kinds:
            tops = [mounted, mounted / "unified"]
        elif controller in kinds.split(","):
            tops = [mounted / controller, mounted / kinds]
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        for top in dict.fromkeys(top.resolve() for top in tops):
            for depth in range(len(parts), -1, -1):
                folder = top.joinpath(*parts[:depth])
                if folder.is_dir():
                    yield folder


def _memory_bound(folder: Path) -> int | None:
    """Bytes that a group may hold before it is slowed down or a process of it is ended."""
    bounds = []
    for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # not there, or "max"
            bounds.append(int((folder / name).read_text()))
    return min((bound for bound in bounds if bound < _NO_BOUND), default=None)


def _used(folder: Path) -> int:
    """Bytes that a group holds and cannot give back at once, as cached files can."""
    for name, cached in (
        ("memory.current", "inactive_file"),
        ("memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            used = int((folder / name).read_text())
            lines = (folder / "memory.stat").read_text().splitlines()
        except (OSError, ValueError):
            continue
        values = dict(line.split()[:2] for line in lines if line.strip())
        return used - int(values.get(cached, 0))
    return 0


def process_bound(root: Path = ROOT) -> int | None:
    """How many processes and threads may run (``ulimit -u``, control groups); None: unbounded."""
    bounds = []
    for folder in _groups(root, "pids"):
        with contextlib.suppress(OSError, ValueError):  # not there, or "max"
            bounds.append(int((folder / "pids.max").read_text()))
    with contextlib.suppress(ImportError):
        import resource

        own = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        if own not in (resource.RLIM_INFINITY, -1) and os.getuid() != 0:
            bounds.append(own)
    return min(bounds, default=None)
