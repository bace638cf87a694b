"""A folder that is there whole or not at all: made, and removed, under another name."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

# What the system says of a folder that something is in already.
TAKEN = (errno.EEXIST, errno.ENOTEMPTY)


def make_whole(target: Path, names: Sequence[str], fill: Callable[[Path], None]) -> None:
    """Makes a folder and what is in it, or leaves nothing of it.

    It is made under another name, so that a process that is killed on the way leaves nothing that
    is neither whole nor free. A folder that is there, which may be a mounted disk, is filled.

    Args:
        target: The folder; parents are made as needed. It is not there, or is empty.
        names: What `fill` makes in it.
        fill: Called with the folder as it is named meanwhile.

    Raises:
        OSError: It cannot be made; its number is one of `TAKEN` where somebody else has just done
            so, whose folder is left alone.
    """
    made = [folder for folder in (target, *target.parents) if not folder.exists()]
    is_new = not target.exists()
    folder = _hidden(target) if is_new else target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fill(folder)
        if is_new:
            folder.rename(target)
    except BaseException as error:
        # A folder that was there, and that another run has filled meanwhile, is that run's.
        if is_new or not (isinstance(error, OSError) and error.errno in TAKEN):
            _undo(folder, names, [folder, *made] if is_new else made)
        raise


def remove_whole(folder: Path) -> None:
    """Removes a folder with all that is in it; at once it is not there under its name."""
    hidden = _hidden(folder)
    try:
        folder.rename(hidden)
    except OSError:  # a mounted disk cannot be renamed
        hidden = folder
    shutil.rmtree(hidden)


def _hidden(path: Path) -> Path:
    """A name beside a folder's that no other process uses."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _undo(folder: Path, names: Sequence[str], made: Sequence[Path]) -> None:
    """Removes what was made, and no folder that others have used since."""
    for name in names:
        with suppress(OSError):
            (folder / name).unlink()
        shutil.rmtree(folder / name, ignore_errors=True)
    for empty in made:
        with suppress(OSError):
            empty.rmdir()
