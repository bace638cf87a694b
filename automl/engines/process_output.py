"""What a process that has ended says of the reason: its own last words, and the bounds it met."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from automl.common.machine import address_space, process_bound
from automl.common.root import Root
from automl.common.sizes import shown_size
from automl.errors import RunError

#: Lines that libraries print in every process, whatever becomes of it.
_NOTICES = re.compile(
    r"cuda|cudnn|cublas|cufft|tensorrt|nvidia|\bGPUs?\b|computation_placer|onednn|absl::Initialize"
    r"|cpu_feature_guard|This TensorFlow binary is optimized|rebuild TensorFlow|XLA service"
    r"|StreamExecutor|DeprecationWarning|FutureWarning|UserWarning|RuntimeWarning|warnings\.warn"
    r"|gcc_personality|TF-TRT|Garbage-collecting",
    re.IGNORECASE,
)
#: What Python's fault handler prints below its first line, and other parts of a dump.
_DUMPS = re.compile(r"^(\s+|Current thread|Thread 0x|Extension modules:|\*\*\* |<truncated|@\s)")
#: What says in a log that no process, thread or memory could be had.
_NO_THREAD = re.compile(r"pthread_create|start new thread|can't start|Resource temporarily|fork")
_NO_MEMORY = re.compile(r"cannot allocate|failed to map|MemoryError|bad_alloc|out of memory", re.I)
#: What Python's own error says where no thread can be had.
NO_THREAD = "can't start new thread"
#: What Python raises where no process or thread can be had, or no memory for one.
NO_PROCESS = (BlockingIOError, MemoryError, RuntimeError)
_PREFIX = re.compile(r"^[IWEF]\d{4} [\d:.]+\s+\d+ |^\d{4}-\d\d-\d\d [\d:.]+: [IWEF] ")
_MOST_LETTERS = 300


def last_line(text: str) -> str:
    """The line that says most likely why a process has ended; "" where none does.

    Args:
        text: What it printed since it began what it has not finished.
    """
    lines = [line for line in text.splitlines() if line.strip() and not _DUMPS.match(line)]
    told = [line.strip() for line in lines if not _NOTICES.search(line)]
    return _PREFIX.sub("", told[-1])[:_MOST_LETTERS] if told else ""


def printed_since(log: Path, start: int) -> str:
    """What has been appended to a log.

    Args:
        log: The log, in a folder of a run; it need not be there.
        start: How many bytes it had before. One that was shortened since is read from its start.
    """
    try:
        with Root(log.parents[1]).open(log, "rb") as file:
            file.seek(start if length(log) >= start else 0)
            said: bytes = file.read()
            return said.decode(errors="replace")
    except (OSError, RunError):
        return ""


def length(log: Path) -> int:
    """How many bytes a log has; 0 where it is not there."""
    try:
        return log.lstat().st_size
    except OSError:
        return 0


def describe_end(exit_code: int | None, text: str) -> str:
    """How a process has ended, and why as far as can be told.

    Args:
        exit_code: Negative for a signal; None where it is not known.
        text: What it printed since it began what it has not finished.

    Returns:
        The end of a sentence that begins with the process.
    """
    words = last_line(text)
    reason = f" ({words})" if words else ""
    if exit_code is None:
        how = "closed its connection without a result"
    elif exit_code < 0:
        name = signal.Signals(-exit_code).name
        how = f"was ended by {name}"
        if name == "SIGKILL":
            how += ", which is what the system does when memory runs out"
    else:
        how = f"ended with exit code {exit_code}"
    return f"{how}{reason}{bounds_met(text)}"


def bounds_met(text: str) -> str:
    """The bounds of this system that what was printed speaks of, each with what mends it; or ""."""
    found = ""
    processes, addresses = process_bound(), address_space()
    if processes is not None and _NO_THREAD.search(text):
        found += (
            f"; at most {processes} processes and threads may run here (`ulimit -u`, or pids.max "
            "of a container): allow more, or give fewer --workers"
        )
    if addresses is not None and _NO_MEMORY.search(text):
        found += (
            f"; `ulimit -v` lets a process map {shown_size(addresses)} of addresses, and a worker "
            "needs about 2 GB: raise it, and bound the memory with --memory-per-worker"
        )
    return found


def why_none(error: Exception) -> str:
    """Why no process or thread could be had: what was raised, and the bound that it speaks of.

    Args:
        error: One of `NO_PROCESS`.

    Returns:
        The end of a sentence, in brackets.
    """
    return f" ({error}{bounds_met(f'{error} by fork')})"
