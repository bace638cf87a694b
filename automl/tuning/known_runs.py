"""What this machine itself has been told of its runs, kept outside of them.

A run's directory may come from a stranger, so what it names is not run and not connected to. Of a
run that was begun on this machine, a file in the person's own state directory (XDG Base Directory
Specification) says the same where the stranger cannot write: which space was named, which database,
which cluster. It is found by the run's path, and counts only for the very directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from automl.common.forms import read_form, to_form
from automl.common.root import Root
from automl.common.shell import shown_path
from automl.results.run_directory import RunDirectory


@dataclass(frozen=True)
class KnownRun:
    """What a person has named for a run on this machine.

    Attributes:
        path: The run's directory, links resolved.
        inode: Number of that directory in its file system.
        space: Reference of the search space, or None.
        storage: URL of the study's database, or None.
        address: Address of the Ray cluster, or None.
        begun: Whether the run was begun here, so that what its models hold is this machine's own.
        origin: Paths of what the layers of its models come from.
    """

    path: str
    inode: int
    space: str | None = None
    storage: str | None = None
    address: str | None = None
    begun: bool = False
    origin: tuple[str, ...] = ()


def known_run(run: RunDirectory) -> KnownRun:
    """What this machine knows of a run; nothing is named in it where it knows none.

    Args:
        run: The run.
    """
    path, inode = str(run.path.resolve()), run.path.stat().st_ino
    unknown = KnownRun(path, inode)
    try:
        form = json.loads(_file(path).read_text(encoding="utf-8"))
        found = read_form(KnownRun, form)
    except (OSError, ValueError, RuntimeError):  # none, or not written by `remember`
        return unknown
    return found if (found.path, found.inode) == (path, inode) else unknown


def remember(
    run: RunDirectory,
    space: str | None,
    storage: str | None,
    address: str | None,
    begun: bool = False,
    origin: tuple[str, ...] = (),
) -> str:
    """Notes what a person has named for a run, readable by that person only.

    Args:
        run: The run.
        space: Reference of its search space, where that is not an installed one.
        storage: URL of its study's database, without a password.
        address: Address of its Ray cluster.
        begun: Whether it is begun here.
        origin: Paths of what the layers of its models come from.

    Returns:
        "", or a sentence where it could not be noted.
    """
    path = str(run.path.resolve())
    known = KnownRun(path, run.path.stat().st_ino, space, storage, address, begun, origin)
    try:
        file = _file(path)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = json.dumps(to_form(known)).encode()
        Root(file.parent).write(file.name, content, durable=False, mode=0o600)
    except (OSError, RuntimeError) as error:
        return (
            f"This machine cannot note what the run was begun with ({error}), so that "
            f"`automl resume {shown_path(run.path)}` will ask for it again."
        )
    return ""


def _file(path: str) -> Path:
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    return _state_directory() / "automl" / "runs" / f"{name}.json"


def _state_directory() -> Path:
    """Where programs keep what is to outlive them.

    Raises:
        RuntimeError: The person has no home.
    """
    given = os.environ.get("XDG_STATE_HOME", "")
    if given.startswith("/"):  # the specification has relative ones ignored
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path.home() / ".local" / "state"
