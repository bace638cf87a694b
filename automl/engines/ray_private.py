"""All that is used of Ray's private parts.

`tests/test_private_names.py` says whether a new version has taken it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray._private import ray_constants, services
from ray._private import worker as ray_worker
from ray._private.ray_logging import stdout_deduplicator

__all__ = ["found_cluster", "node_of_this_process", "on_loopback", "stdout_deduplicator"]


@contextmanager
def on_loopback() -> Iterator[None]:
    """A context in which Ray takes this machine's loopback address for its own.

    It reads the variable for it once for a process, when it is imported.
    """
    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def node_of_this_process() -> Any:
    """Ray's record of the processes that it has started here, or None.

    Its ``dead_processes()`` are pairs of a kind and a process, ``kill_all_processes()`` ends them
    all, and ``raylet_socket_name`` is where this machine's raylet listens.
    """
    return ray_worker._global_node


def found_cluster() -> str | None:
    """Where Ray would look for the cluster of the address ``auto``: ``host:port``, or None.

    Raises:
        ConnectionError: It finds none.
        ValueError: The environment names what is no address.
    """
    found: str | None = services.canonicalize_bootstrap_address("auto")
    return found
