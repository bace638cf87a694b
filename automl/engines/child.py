"""A child process as its parent sees it, and the environment of every process that computes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from automl.engines.process_table import began

#: Environment of every process that computes: one thread each, and no banner from TensorFlow.
#: One thread per trial and a trial per core beats many threads per trial (measured).
#: oneDNN's convolutions are TensorFlow's own choice only on x86 processors with instructions for
#: neural networks; with AVX2 alone a step of a small convolutional net takes half to a third of
#: the time with them too (measured: `automl.training.fused_normalization`).
#: What a step of training frees, the next one asks for again, so the C library keeps it: with
#: three blocks of 32 filters that saves a sixth of a step, which went into fresh pages. Workers
#: give memory back to the system after each trial (`automl.engines.process_memory`).
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


def child_environment() -> dict[str, str]:
    """The environment of a child, which finds modules where this process does, and nowhere else.

    With ``-P`` Python does not put the working folder first, where a checkout of this package
    would hide the installed one. A search path of "" means the working folder.
    """
    return {
        **os.environ,
        **CHILD_ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
    }
