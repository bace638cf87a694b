"""Warm child processes on this machine, each with a connection for JSON messages.

`warm_processes()` gives the kind that this platform allows: forks of a server that has TensorFlow
imported (`automl.engines.forkserver`), or, where there is no fork, processes spawned afresh.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path
from typing import Any

from typing_extensions import override

from automl.common.machine import address_space
from automl.common.root import Root
from automl.engines.limits import LEAST_ADDRESS_SPACE
from automl.engines.memory import shown_size
from automl.engines.process_table import began
from automl.engines.said import bounds_met, describe_end
from automl.errors import RequestError, RunError

#: Environment of every process that computes: one thread each, and no banner from TensorFlow.
#: One thread per trial and a trial per core beats many threads per trial (measured).
#: oneDNN's convolutions are TensorFlow's own choice only on x86 processors with instructions for
#: neural networks; with AVX2 alone a step of a small convolutional net takes half to a third of
#: the time with them too (measured: `automl.training.fused_normalization`).
#: What a step of training frees, the next one asks for again, so the C library keeps it: with
#: three blocks of 32 filters that saves a sixth of a step, which went into fresh pages. Workers
#: give memory back to the system after each trial (`automl.engines.memory`).
CHILD_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # else a process takes all of a GPU's memory at once
    "KERAS_BACKEND": "tensorflow",
    "PYTHONFAULTHANDLER": "1",
    "MALLOC_TRIM_THRESHOLD_": str(512 * 2**20),
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TOP_PAD_": str(16 * 2**20),
    "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
}
_START_SECONDS = 180.0  # importing TensorFlow takes 3 to 6 s; a cold disk may take a minute
#: A server that dies this often within these seconds will not stay up.
MOST_LOST = 3
LOST_SECONDS = 600.0
#: Seconds without a look at the server after which this process may have been stopped.
_STOPPED_SECONDS = 5.0


class Child:
    """One child process.

    Attributes:
        pid: Its process id, or None until it is known.
        exit_code: None while it lives; negative for the signal that ended it.
        connection: Where messages come and go, or None until it has connected.
        is_lost: Whether it has ended because the process did that had started it.
        said: Why it could not be started, or "".
    """

    def __init__(self, connection: Connection | None = None) -> None:
        self.pid: int | None = None
        self.exit_code: int | None = None
        self.connection = connection
        self.is_lost = False
        self.said = ""
        self._began: int | None = None

    def started(self, pid: int) -> None:
        """Takes its process id."""
        self.pid, self._began = pid, began(pid)

    def send(self, message: Mapping[str, Any]) -> None:
        """Sends a JSON message; one that cannot arrive, because the child has died, is dropped.

        The death itself shows as the end of the child, which is where it is dealt with.
        """
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.send_bytes(json.dumps(message).encode())

    def receive(self) -> dict[str, Any] | None:
        """The next JSON message, or None where there is none yet.

        Raises:
            EOFError: The child has closed its end, or died in the middle of a message.
        """
        try:
            if self.connection is None or not self.connection.poll():
                return None
            message: dict[str, Any] = json.loads(self.connection.recv_bytes())
        except OSError as error:
            raise EOFError from error
        return message

    def kill(self) -> None:
        """Ends the process at once."""
        if self.pid is None or self.exit_code is not None:
            return
        # Its number may be another process's by now.
        if self._began is None or began(self.pid) == self._began:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def close(self) -> None:
        """Closes the connection; a child that serves it then ends by itself."""
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.close()
            self.connection = None


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

    @abstractmethod
    def waitables(self) -> list[Any]:
        """What `multiprocessing.connection.wait` can wait on for the next notice."""

    @abstractmethod
    def close(self) -> None:
        """Kills every child and frees what was held."""


def warm_processes() -> Processes:
    """The processes that this platform allows, already starting up in the background."""
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


def _environment() -> dict[str, str]:
    """The environment of a child, which finds modules where this process does, and nowhere else.

    With ``-P`` Python does not put the working folder first, where a checkout of this package
    would hide the installed one. A search path of "" means the working folder.
    """
    return {
        **os.environ,
        **CHILD_ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
    }


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
                env={**_environment(), "TMPDIR": str(self._temporary)},
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
                [sys.executable, "-P", "-m", "automl.engines.processes", str(identity)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=_environment(),
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
