"""Children forked from a server that has TensorFlow imported: the server's client."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from typing_extensions import override

from automl.engines.child import Child, child_environment
from automl.engines.process_output import describe_end
from automl.engines.processes import Processes
from automl.errors import RunError

_START_SECONDS = 180.0  # importing TensorFlow takes 3 to 6 s; a cold disk may take a minute
#: A server that dies this often within these seconds will not stay up.
MOST_LOST = 3
LOST_SECONDS = 600.0
#: Seconds without a look at the server after which this process may have been stopped.
_STOPPED_SECONDS = 5.0


class ForkedProcesses(Processes):
    """Children forked from one warm server; they die with it, and it dies with this process.

    A server that dies is started again. Its children are lost, which is no fault of theirs.
    """

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        self._unsent: deque[tuple[int, bytes, socket.socket]] = deque()
        self._next_id = 0
        self._lost_at: deque[float] = deque(maxlen=MOST_LOST)
        # What a child that is killed while Keras saves or loads leaves in it goes with it.
        self._temporary = Path(tempfile.mkdtemp(prefix="automl-"))
        self._start_server()

    def _start_server(self) -> None:
        self._temporary.mkdir(mode=0o700, exist_ok=True)
        self._control, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "automl.engines.forkserver"),
                    *(str(theirs.fileno()), str(self._temporary)),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**child_environment(), "TMPDIR": str(self._temporary)},
                # Its own group: Ctrl-C is for the driver, which tells the children.
                start_new_session=True,
            )
        self._errors: deque[bytes] = deque(maxlen=50)
        drain = threading.Thread(
            target=_drain, args=(self._server.stderr, self._errors), daemon=True
        )
        drain.start()
        self._ready = False
        self._in_flight: int | None = None
        self._buffer = b""
        self._noticed = time.monotonic()
        self._deadline = self._noticed + _START_SECONDS

    @override
    def start(
        self,
        target: str,
        argument: Mapping[str, Any],
        log: Path | None = None,
        preload: Sequence[str] = (),
    ) -> Child:
        ours, theirs = socket.socketpair()
        child = Child(Connection(ours.detach()))
        identity, self._next_id = self._next_id, self._next_id + 1
        request = {
            "id": identity,
            "target": target,
            "argument": dict(argument),
            "log": None if log is None else str(log),
            "preload": list(preload),
        }
        self._children[identity] = child
        self._unsent.append((identity, json.dumps(request).encode() + b"\n", theirs))
        self._send_next()
        return child

    def _send_next(self) -> None:
        """Sends one request at a time, so that each arrives whole with its own descriptor."""
        if self._ready and self._in_flight is None and self._unsent:
            identity, request, theirs = self._unsent.popleft()
            # A server that has died shows in the next notice.
            with theirs, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sent = socket.send_fds(self._control, [request], [theirs.fileno()])
                self._control.sendall(request[sent:])
            self._in_flight = identity

    @override
    def notice(self) -> None:
        while wait([self._control], 0):
            try:
                received = self._control.recv(1 << 16)
            except ConnectionResetError:  # it died with a request unread
                received = b""
            if not received:
                self._lose()
                return
            *lines, self._buffer = (self._buffer + received).split(b"\n")
            for line in lines:
                self._take(json.loads(line))
        noticed, self._noticed = self._noticed, time.monotonic()
        if self._noticed - noticed > _STOPPED_SECONDS:  # then so was the server, as likely as not
            self._deadline += self._noticed - noticed
        if not self._ready and self._noticed > self._deadline:
            self._fail()

    def _take(self, notice: dict[str, Any]) -> None:
        if "ready" in notice:
            self._ready = True
            self.import_seconds = float(notice["seconds"])
        elif "started" in notice:
            self._children[notice["started"]].started(notice["pid"])
            self._in_flight = None
        elif "failed" in notice:
            child = self._children.pop(notice["failed"])
            child.exit_code, child.said = 1, notice["why"]
            self._in_flight = None
        elif "exited" in notice:
            self._children.pop(notice["exited"]).exit_code = notice["code"]
        self._send_next()

    def _lose(self) -> None:
        """Starts the server again that has died; its children are lost."""
        now = time.monotonic()
        if not self._ready or (
            len(self._lost_at) == MOST_LOST and (now - self._lost_at[0] < LOST_SECONDS)
        ):
            self._fail()
        self._lost_at.append(now)
        self._server.wait()
        unsent = {identity for identity, _, _ in self._unsent}
        for identity, child in list(self._children.items()):
            if identity not in unsent:
                del self._children[identity]
                child.kill()
                child.is_lost = True
                child.exit_code = -int(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._control.close()
        self._start_server()

    def _fail(self) -> None:
        self._server.kill()
        code = self._server.wait()
        said = b"".join(self._errors).decode(errors="replace")
        raise RunError(
            "The process that starts the workers could not import what they need or has ended: it "
            f"{describe_end(code, said)}. The search can be resumed."
        )

    @override
    def waitables(self) -> list[Any]:
        return [self._control]

    @override
    def close(self) -> None:
        self._control.close()
        for _, _, theirs in self._unsent:
            theirs.close()
        for child in self._children.values():
            child.close()
        try:
            self._server.wait(timeout=0.5 if self._ready else 0)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)


def _drain(stream: Any, lines: deque[bytes]) -> None:
    """Keeps the last lines that a process prints."""
    for line in stream:
        lines.append(line)
