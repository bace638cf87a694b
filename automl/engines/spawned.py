"""Children started afresh, each of which imports TensorFlow itself."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from typing_extensions import override

from automl.common.root import Root
from automl.engines.child import Child, child_environment
from automl.engines.processes import Processes


class SpawnedProcesses(Processes):
    """Children started afresh, for platforms without fork: each imports TensorFlow itself."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._listener = Listener(authkey=self._key)
        self._children: dict[int, tuple[Child, subprocess.Popen[bytes]]] = {}
        self._requests: dict[int, bytes] = {}
        self._arrived: deque[tuple[int, Connection]] = deque()
        self._next_id = 0
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        """Takes connections as they come; the first message names the child."""
        from multiprocessing import AuthenticationError

        while not self._closed:
            try:
                connection = self._listener.accept()
                identity = int(connection.recv_bytes())
            except (OSError, EOFError, AuthenticationError):
                continue
            self._arrived.append((identity, connection))

    @override
    def start(
        self,
        target: str,
        argument: Mapping[str, Any],
        log: Path | None = None,
        preload: Sequence[str] = (),
    ) -> Child:
        identity, self._next_id = self._next_id, self._next_id + 1
        with contextlib.ExitStack() as stack:
            output: Any = subprocess.DEVNULL
            if log is not None:
                output = stack.enter_context(Root(log.parents[1]).open(log, "ab"))
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "automl.engines.spawned", str(identity)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=child_environment(),
            )
        assert process.stdin is not None
        opening = {"address": self._listener.address, "key": self._key.hex()}
        process.stdin.write(json.dumps(opening).encode() + b"\n")
        process.stdin.flush()
        child = Child()
        child.started(process.pid)
        self._children[identity] = (child, process)
        self._requests[identity] = json.dumps({"target": target, **argument}).encode()
        return child

    @override
    def notice(self) -> None:
        while self._arrived:
            identity, connection = self._arrived.popleft()
            if identity in self._children:
                with contextlib.suppress(OSError):  # one that has died shows below, by its end
                    connection.send_bytes(self._requests.pop(identity))
                self._children[identity][0].connection = connection
        for identity, (child, process) in list(self._children.items()):
            child.exit_code = process.poll()
            if child.exit_code is not None:
                del self._children[identity]

    @override
    def waitables(self) -> list[Any]:
        return []

    @override
    def close(self) -> None:
        self._closed = True
        for child, process in self._children.values():
            child.close()
            process.kill()
            process.wait()
        self._listener.close()


def _spawned_main() -> None:
    """Body of a spawned child: connects back, then runs its target."""
    from automl.engines.forkserver import leave_ending_to_the_driver, run_target

    opening = json.loads(sys.stdin.readline())
    leave_ending_to_the_driver()
    connection = Client(opening["address"], authkey=bytes.fromhex(opening["key"]))
    connection.send_bytes(sys.argv[1].encode())
    argument = json.loads(connection.recv_bytes())
    # The driver holds the other end of standard input: when it goes, so does this process.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    with contextlib.suppress(EOFError, ConnectionError):
        run_target(argument.pop("target"), connection, argument)


if __name__ == "__main__":
    _spawned_main()
