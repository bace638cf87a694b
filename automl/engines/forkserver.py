"""The fork server: one process that has TensorFlow imported and forks warm children on request.

Importing TensorFlow and Keras takes several seconds and hundreds of megabytes; a fork of a process
that has done so takes tens of milliseconds and shares the memory. The server itself never runs a
TensorFlow operation, so no TensorFlow thread exists when it forks.

It is started with ``python -P -m automl.engines.forkserver FD``, where FD is one end of a socket
pair. Each request is one JSON message with one file descriptor attached, which becomes the
child's own connection; it may name modules that this child and all later ones find imported.
Notices of started and ended children go back on the same socket. Either
way it is one JSON object a line. When the other end closes, because the driver has ended or was
killed, every child is killed and the server ends: nothing is left behind.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable
from importlib.metadata import entry_points
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from automl.common.root import Root
from automl.imports import annotations_compiled_once, hidden

PRELOAD = (
    "tensorflow",
    "keras",
    "numpy",
    "automl.engines.worker",
    "automl.training.train_trial",
    "automl.models.core",
    "automl.export.in_child",
)
#: The spaces that most searches use: of the default, and of a baseline.
PRELOADED_SPACES = ("mlp", "linear")


def _preload() -> None:
    """Imports the heavy modules, with what can be left out left out.

    A search's first trial waits for this. Without garbage collection on the way it takes a fifth
    less; frozen, the modules are not gone through, and so not copied, by a child's collections.
    Keras imports scikit-learn for `keras.wrappers`, another quarter, which a builder of Keras
    models has no use for, and pandas, an eighth, to ask whether it was given a data frame; it
    takes one all the same, as whatever NumPy can make an array of.
    """
    with hidden("sklearn", "pandas"), annotations_compiled_once():
        _import((*PRELOAD, *_space_modules()))


def _space_modules() -> list[str]:
    """The modules of the spaces that most searches use, wherever they are installed."""
    found = entry_points(group="automl.search_spaces")
    return [found[name].module for name in PRELOADED_SPACES if name in found.names]


def _import(modules: Iterable[str]) -> None:
    gc.disable()
    for module in modules:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()


def leave_ending_to_the_driver() -> None:
    """Ignores what asks a program to end, which reaches all of its processes.

    A terminal sends Ctrl-C and SIGHUP to its foreground group, systemd and Slurm send SIGTERM to
    every process of a service or job; only the driver decides what they mean, and when it goes,
    its processes end by themselves.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def run_target(target: str, connection: Connection, argument: dict[str, Any]) -> None:
    """Calls ``module:function`` with a connection to the driver and a JSON argument."""
    module, _, function = target.partition(":")
    getattr(importlib.import_module(module), function)(connection, argument)


def _become_child(request: dict[str, Any], descriptor: int) -> NoReturn:
    """Runs a request's target in the freshly forked child and ends the process."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        leave_ending_to_the_driver()
        redirect_output(request.get("log"))
        from automl.export.new_process import mark_fresh

        mark_fresh()
        run_target(request["target"], Connection(descriptor), request["argument"])
        status = 0
    except (EOFError, BrokenPipeError, ConnectionResetError):
        status = 0  # the driver has gone; there is nobody left to tell
    except BaseException:  # noqa: BLE001 - the process ends here, and its log says why
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def redirect_output(log: str | None) -> None:
    """Sends the process's standard output and error to a file, or nowhere."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    if log is None:
        descriptor = os.open(os.devnull, flags)
    else:  # logs/<name> in a run
        descriptor = Root(Path(log).parents[1]).descriptor(log, flags, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


class _Server:
    """The server's state: its socket and the children that live."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, int] = {}

    def notify(self, **notice: Any) -> None:
        self.control.sendall(json.dumps(notice).encode() + b"\n")

    def start(self, request: dict[str, Any], descriptor: int) -> None:
        with contextlib.suppress(ImportError):  # the child meets it too, and tells it
            _import(request["preload"])
        try:
            pid = os.fork()
        except OSError as error:  # as many processes as may run, or no memory for one more
            os.close(descriptor)
            self.notify(failed=request["id"], why=f"{error.strerror or error} by fork")
            return
        if pid == 0:
            self.control.close()
            _become_child(request, descriptor)
        os.close(descriptor)
        self.children[pid] = request["id"]
        self.notify(started=request["id"], pid=pid)

    def reap(self) -> None:
        """Collects the children that have ended, and tells the driver how each did."""
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is not None:
                self.notify(exited=child, code=os.waitstatus_to_exitcode(status))

    def end(self) -> None:
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def serve(descriptor: int, temporary: str) -> None:
    """Preloads the heavy modules, then forks children until the driver closes its end.

    Args:
        descriptor: The socket to the driver.
        temporary: The folder of temporary files, which is removed at the end: the driver may have
            been killed, and so may children while Keras had files in it.
    """
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    leave_ending_to_the_driver()
    started = time.monotonic()
    _preload()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    server = _Server(control)
    try:
        server.notify(ready=os.getpid(), seconds=time.monotonic() - started)
        while True:
            readable = select.select([control.fileno(), wake_read], [], [])[0]
            if wake_read in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
                server.reap()
            if control.fileno() in readable:
                message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 1)
                # A long request comes in pieces, the descriptor with the first of them.
                while message and not message.endswith(b"\n"):
                    piece = control.recv(1 << 20)
                    message = message + piece if piece else b""
                if not message:
                    return
                server.start(json.loads(message), descriptors[0])
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        server.end()
        shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
