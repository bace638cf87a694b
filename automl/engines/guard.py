"""The guard over worker processes: their memory, and the size of their logs.

A thread of its own, since a driver that is busy with a proposal does not look at its workers for
a second, in which a process can take gigabytes or print as much.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from automl.common.machine import Machine, address_space
from automl.common.root import Root
from automl.common.sizes import shown_size
from automl.engines.child import Child
from automl.engines.limits import LOG_BYTES, LOG_KEPT, SCARCE_ADDRESSES, scarce_memory
from automl.engines.process_memory import held_memory, mapped_memory
from automl.engines.process_output import why_none
from automl.errors import RunError

#: Seconds between two looks; a look at two workers takes 0.1 ms.
PERIOD = 0.1
#: Seconds in which the memory of a process that was ended comes back.
RELIEF_SECONDS = 2.0


class Guarded(Protocol):
    """A worker as the guard sees it.

    Attributes:
        child: Its process.
        log: The file that it prints to.
        first_memory: Bytes that it held when it was ready, or None before.
    """

    child: Child
    log: Path
    first_memory: int | None

    def end_overgrown(self, why: str) -> None:
        """Ends the worker's process, and notes why."""


class WatchedChild:
    """A process of one task as the guard sees it: it keeps no log.

    Args:
        child: The process.

    Attributes:
        why: Why the guard has ended it, or "".
    """

    log = Path(os.devnull)
    first_memory: int | None = 0

    def __init__(self, child: Child) -> None:
        self.child = child
        self.why = ""

    def end_overgrown(self, why: str) -> None:
        """Ends the process, and notes why."""
        self.why = why
        self.child.kill()


class Guard:
    """Looks at workers until it is closed.

    Args:
        workers: Gives the workers there are now.
        limit: Bytes that one may hold, or None for no limit.
        machine: The machine, which must not run out of memory either.
    """

    def __init__(
        self,
        workers: Callable[[], Sequence[Guarded]],
        limit: int | None = None,
        machine: Machine | None = None,
    ) -> None:
        self._workers = workers
        self._limit = limit
        self._machine = machine or Machine()
        self._scarce = scarce_memory(self._machine.total)
        self._relieved = 0.0
        self._addresses = address_space()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="guard", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            raise RunError(
                f"No thread can be started to look after the workers{why_none(error)}."
            ) from error

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(PERIOD):
            self.look()

    def look(self) -> None:
        """Looks once at every worker and at the machine."""
        workers = self._workers()
        for log in {worker.log for worker in workers}:
            shorten_log(log)
        ready = [worker for worker in workers if worker.first_memory is not None]
        held = [
            (held_memory(worker.child.pid) or 0, worker)
            for worker in ready
            if worker.child.pid is not None
        ]
        if not held:
            return
        self._check_addresses(ready)
        for size, worker in held:
            if self._limit is not None and size > self._limit:
                worker.end_overgrown(
                    f"it held {shown_size(size)} of memory, more than the "
                    f"{shown_size(self._limit)} of --memory-per-worker"
                )
        self._relieve(*max(held, key=lambda entry: entry[0]))

    def _check_addresses(self, workers: Sequence[Guarded]) -> None:
        """Ends workers that have no addresses left to map."""
        if self._addresses is None:
            return
        for worker in workers:
            mapped = mapped_memory(worker.child.pid) if worker.child.pid is not None else None
            if mapped is not None and mapped > self._addresses - SCARCE_ADDRESSES:
                worker.end_overgrown(
                    f"it had mapped {shown_size(mapped)} of addresses, all but the last of the "
                    f"{shown_size(self._addresses)} that `ulimit -v` allows"
                )

    def _relieve(self, size: int, worker: Guarded) -> None:
        """Ends the largest worker where the machine has hardly any memory left."""
        left = self._machine.available()
        if left is None or left >= self._scarce:
            return
        grown = size - (worker.first_memory or 0)
        # A worker that has not grown is not what has taken the memory.
        if grown > self._scarce and time.monotonic() > self._relieved + RELIEF_SECONDS:
            self._relieved = time.monotonic()
            worker.end_overgrown(
                f"it held {shown_size(size)} of memory, the most of all workers, when the machine "
                f"had only {shown_size(left)} left"
            )


def shorten_log(path: Path, most: int = LOG_BYTES, kept: int = LOG_KEPT) -> None:
    """Takes the beginning off a log that has grown too long; the process may go on writing.

    It is written to in append mode, so what comes next goes behind the part that is kept.

    Args:
        path: The log.
        most: Bytes from which on it is shortened.
        kept: Bytes at its end that are kept.
    """
    # What cannot be shortened (it is gone, the disk is full) is tried again at the next look.
    with contextlib.suppress(OSError):
        if path.lstat().st_size <= most:
            return
        with Root(path.parents[1]).open(path, "r+b") as file:
            file.seek(-kept, os.SEEK_END)
            end = file.read(kept)
            file.seek(0)
            file.truncate()
            file.write(b"... the beginning of this log was left out ...\n" + end)
