"""Measurements that are made by a process of their own, in the environment of a worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from automl.engines.child import child_environment
from benchmarks.catalogue import ROOT


def measured_apart(
    name: str,
    words: Sequence[str],
    subject: str,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """What a benchmark prints last, in JSON, in a process of its own.

    Args:
        name: The benchmark, a module of this package.
        words: Its command line.
        subject: What is measured, for the message of a failure.
        environment: What is added to the environment of a worker.

    Raises:
        RuntimeError: It ended without a measurement.
    """
    ended = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *words],
        cwd=ROOT,
        env={**child_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"{subject}: exit code {ended.returncode}: {said[-1]}")
    return json.loads(ended.stdout.splitlines()[-1])
