"""The folder of a Ray of our own: removed at its end, or by the next start after a kill."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from automl.engines.process_table import began

_PREFIX = "automl-ray-"
#: Names the process that a folder belongs to, inside it.
_OWNER = "owner.json"
#: Seconds that the last of Ray's processes get to let go of their files.
_SECONDS = 5.0
#: A folder without an owner that is younger may be one that is being made.
_YOUNG_SECONDS = 60.0


@contextmanager
def ray_folder() -> Iterator[Path]:
    """A temporary folder, removed at the end; those that killed searches left are removed first."""
    # Ray makes sockets some 65 characters below it, and 107 are a socket's most.
    parent = Path("/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir())
    clear_left(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    owner = {"pid": os.getpid(), "began": began(os.getpid())}
    (folder / _OWNER).write_text(json.dumps(owner), encoding="utf-8")
    try:
        yield folder
    finally:
        _remove(folder)


def clear_left(parent: Path) -> None:
    """Removes the folders of searches that were killed, and what of their Ray still runs.

    Args:
        parent: Where such folders are.
    """
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            if folder.is_symlink() or folder.stat().st_uid != os.getuid() or _is_owned(folder):
                continue
            _end_processes(folder)
            _remove(folder)


def _is_owned(folder: Path) -> bool:
    try:
        owner = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
        return owner["began"] is None or began(int(owner["pid"])) == owner["began"]
    except (OSError, ValueError, KeyError, TypeError):
        return time.time() - folder.stat().st_mtime < _YOUNG_SECONDS


def _end_processes(folder: Path) -> None:
    """Ends Ray's processes, each of which has the folder's name among its arguments."""
    name = os.fsencode(folder)
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if name in arguments.read_bytes() and int(arguments.parent.name) != os.getpid():
                os.kill(int(arguments.parent.name), signal.SIGKILL)


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(0.1)
