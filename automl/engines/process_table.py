"""What the system tells of a process: whether it runs, what it has computed, when it began."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")


@dataclass(frozen=True)
class ProcessState:
    """A process as it stands.

    Attributes:
        is_stopped: Whether it was stopped, by a signal or a debugger.
        wants_core: Whether one of its threads computes, or waits for a core to compute on.
        computed: Seconds of a core that it has had.
        began: When it began, in ticks of the system's own; with the process id it names a process
            for good, since ids are used again.
        waits_for_disk: Whether one of its threads waits for a disk, or what the system calls so.
    """

    is_stopped: bool
    wants_core: bool
    computed: float
    began: int
    waits_for_disk: bool = False


def process_state(pid: int) -> ProcessState | None:
    """A process as it stands; None where it is gone, or the system does not tell.

    Args:
        pid: Its id.
    """
    folder = _PROCESSES / str(pid)
    fields = _fields(folder / "stat")
    if fields is None or fields[0] in ("Z", "X"):
        return None
    threads = (_fields(path / "stat") for path in folder.glob("task/*"))
    states = {fields[0], *(thread[0] for thread in threads if thread is not None)}
    return ProcessState(
        is_stopped=fields[0] in ("T", "t"),
        wants_core="R" in states,
        waits_for_disk="D" in states,
        computed=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
        began=int(fields[19]),
    )


def began(pid: int) -> int | None:
    """When a process began (see `ProcessState`); None where it is gone or the system is silent."""
    fields = _fields(_PROCESSES / str(pid) / "stat")
    return None if fields is None else int(fields[19])


def _fields(path: Path) -> list[str] | None:
    """The fields of a ``stat`` file from the state on; a name before it may hold anything."""
    try:
        return path.read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError, PermissionError):
        return None
