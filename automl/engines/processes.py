"""What starts warm child processes on this machine, each with a connection for JSON messages.

`warm_processes()` gives the kind that this platform allows: forks of a server that has TensorFlow
imported (`automl.engines.forked`), or, where there is no fork, processes spawned afresh
(`automl.engines.spawned`).
"""

from __future__ import annotations

import os
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.common.machine import address_space
from automl.engines.child import Child
from automl.engines.limits import LEAST_ADDRESS_SPACE
from automl.engines.process_memory import shown_size
from automl.engines.process_output import bounds_met
from automl.errors import RequestError, RunError

#: How often it is looked whether a process whose connection is closed has ended, with a pause of so
#: many seconds before each look: together 10 s, after which it is taken to live on (own choice).
END_LOOKS, END_PAUSE = 2000, 0.005


class Processes(ABC):
    """Starts child processes and notices their ends.

    Attributes:
        import_seconds: How long importing TensorFlow and what goes with it took here and now, or
            0 while that is not known.
    """

    import_seconds: float = 0.0

    @abstractmethod
    def start(
        self,
        target: str,
        argument: Mapping[str, Any],
        log: Path | None = None,
        preload: Sequence[str] = (),
    ) -> Child:
        """Starts ``target`` (``module:function``) in a child, with a small JSON argument.

        Args:
            target: A function of a connection and the argument.
            argument: JSON values.
            log: File that the child's standard output and error are appended to.
            preload: Modules that this child needs, and later ones will, imported for all of them
                at once where they are forked from one process. They must run no operation.

        Returns:
            The child; it may still be on its way up.
        """

    @abstractmethod
    def notice(self) -> None:
        """Brings ``pid``, ``connection`` and ``exit_code`` of the children up to date."""

    def await_end(self, child: Child) -> None:
        """Waits for the exit code of a child whose connection is closed; it comes a little later.

        Looks are counted, not seconds, for whoever waits here may be stopped meanwhile.

        Args:
            child: The child. If it has closed its connection and lives on, it is given up.
        """
        for _ in range(END_LOOKS):
            if child.exit_code is not None:
                return
            time.sleep(END_PAUSE)
            self.notice()

    @abstractmethod
    def waitables(self) -> list[Any]:
        """What `multiprocessing.connection.wait` can wait on for the next notice."""

    @abstractmethod
    def close(self) -> None:
        """Kills every child and frees what was held."""


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
    except (BlockingIOError, MemoryError, RuntimeError) as error:  # no process, or no thread
        told = f"{error} by fork"
        raise RunError(
            f"No process for the workers can be started here ({error}{bounds_met(told)})."
        ) from error
