"""The processes that this platform allows, each with a connection for JSON messages.

Forks of a server that has TensorFlow imported (`automl.engines.forked`), or, where there is no
fork, processes spawned afresh (`automl.engines.spawned`).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from automl.common.machine import address_space
from automl.common.sizes import shown_size
from automl.engines.limits import LEAST_ADDRESS_SPACE
from automl.engines.process_output import NO_PROCESS, why_none
from automl.engines.processes import Processes
from automl.engines.run_in_child import TIMEOUT, run_in_child
from automl.errors import RequestError, RunError


def warm_processes() -> Processes:
    """The processes that this platform allows, already starting up in the background."""
    from automl.engines.forked import ForkedProcesses
    from automl.engines.spawned import SpawnedProcesses

    bound = address_space()
    if bound is not None and bound < LEAST_ADDRESS_SPACE:
        raise RequestError(
            f"`ulimit -v` lets a process map {shown_size(bound)} of addresses, and TensorFlow "
            "alone takes 1.4 GB; set it to 2 GB at least, or to unlimited, and bound the memory "
            "with --memory-per-worker."
        )
    try:
        if hasattr(os, "fork") and hasattr(socket, "send_fds"):
            return ForkedProcesses()
        return SpawnedProcesses()
    except NO_PROCESS as error:
        told = f"No process for the workers can be started here{why_none(error)}."
        raise RunError(told) from error


def run_in_warm_process(
    function: str, arguments: Mapping[str, Any], timeout: float = TIMEOUT
) -> Any:
    """Runs one task in processes of its own; see `run_in_child`."""
    with closing(warm_processes()) as processes:
        return run_in_child(processes, function, arguments, timeout)
