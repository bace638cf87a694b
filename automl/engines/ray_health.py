"""Whether a Ray still works: what of it has died, found out before Ray ends this process for it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

import ray

from automl.engines.ray_private import node_of_this_process
from automl.engines.ray_quiet import unheard

#: Seconds between two knocks at the head of a cluster, and how many without an answer mean that
#: it is gone. Ray itself waits for a minute, then ends the process that asks.
KNOCK_EVERY = 3.0
KNOCKS = 4
#: Seconds that leaving a Ray may take of which a part has died.
_LEAVE_SECONDS = 10.0
#: Parts of a Ray of our own without which nothing goes on.
_PARTS = {"gcs_server": "its control service (gcs_server)", "raylet": "its raylet"}


class Health:
    """Looks after the Ray that this process is connected to.

    Args:
        address: See `follow`; None for a Ray that this process has started.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._knocked = time.monotonic()
        self._unanswered = 0
        self._lost = ""

    def follow(self, address: str) -> None:
        """Looks after a cluster that somebody else has started, too.

        Args:
            address: The ``host:port`` of its head.
        """
        self._address = address

    def lost(self) -> str:
        """What of it has died, or "" while all is well; the end of a sentence about Ray."""
        if not self._lost:
            self._lost = self._dead_part() or self._silent_part()
        return self._lost

    def _dead_part(self) -> str:
        for kind, process in _dead_processes():
            if kind in _PARTS:
                return f"{_PARTS[kind]} has ended ({_exit_of(process)})"
        return ""

    def _silent_part(self) -> str:
        """Knocks at those parts of a cluster that are no processes of our own, far ones less often.

        The raylet's death shows as that of an actor, whose trial would pay for it.
        """
        if self._address is None:
            return ""
        now, lost = time.monotonic(), ""
        if now - self._knocked >= KNOCK_EVERY:
            self._knocked = now
            lost = self._silent_head(self._address)
        return lost or _silent_raylet()

    def _silent_head(self, address: str) -> str:
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), KNOCK_EVERY).close()
        except OSError as error:
            self._unanswered += 1
            if self._unanswered >= KNOCKS:
                return f"the head at {address} does not answer ({error})"
        else:
            self._unanswered = 0
        return ""

    def leave(self) -> None:
        """Ends the connection, and a Ray of our own."""
        if not self.lost():
            ray.shutdown()
            return
        node = node_of_this_process()
        with unheard():  # Ray's core says every second what it misses
            if node is not None:
                with contextlib.suppress(Exception):  # whatever it misses of what has died
                    node.kill_all_processes(check_alive=False, allow_graceful=False)
            # It may wait for what is gone.
            leaving = threading.Thread(target=_shut_down, name="ray-shutdown", daemon=True)
            leaving.start()
            leaving.join(_LEAVE_SECONDS)


def _shut_down() -> None:
    with contextlib.suppress(Exception):
        ray.shutdown()


def _dead_processes() -> list[tuple[str, Any]]:
    node = node_of_this_process()
    return [] if node is None else list(node.dead_processes())


def _silent_raylet() -> str:
    """What tells that this machine's raylet is gone, with which Ray would end this process."""
    node = node_of_this_process()
    if node is None:
        return ""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(KNOCK_EVERY)
        try:
            door.connect(node.raylet_socket_name)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            return f"the raylet of this machine has ended ({error.strerror})"
        except OSError:  # too busy to open
            pass
    return ""


def _exit_of(process: Any) -> str:
    import signal

    code = process.returncode
    if code is not None and code < 0:
        return f"by {signal.Signals(-code).name}"
    return f"with exit code {code}"
