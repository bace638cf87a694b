"""What a measurement must say of where it was made: machine, versions, load."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from automl.common.machine import total_memory, usable_cores

PACKAGES = (
    "tensorflow", "keras", "numpy", "keras-tuner", "optuna", "ray", "autokeras", "automl",
)  # fmt: skip


def machine() -> str:
    """Processor, cores, memory, system and Python on one line."""
    memory = (total_memory() or 0) / 2**30
    return (
        f"{_processor()}, {usable_cores()} cores, {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def load() -> float:
    """Processes that wanted a core over the last minute, as the system counts them."""
    return os.getloadavg()[0]


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of those packages that this environment has."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def version_line(found: Mapping[str, str]) -> str:
    """Versions on one line."""
    return ", ".join(f"{name} {number}" for name, number in found.items())
