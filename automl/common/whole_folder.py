"""A folder that is there whole or not at all: made, and removed, under another name."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from automl.common.root import temporary_beside

# What the system says of a folder that something is in already.
TAKEN = (errno.EEXIST, errno.ENOTEMPTY)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Makes a folder and what is in it, or leaves nothing of it.

    It is made under another name, so that a process that is killed on the way leaves nothing that
    is neither whole nor free.

    Args:
        target: The folder; parents are made as needed. It is not there, or is empty.

    Yields:
        The folder as it is named meanwhile.

    Raises:
        OSError: It cannot be made; its number is one of `TAKEN` where somebody else has just done
            so, whose folder is left alone.
    """
    hidden = temporary_beside(target)
    made = [folder for folder in hidden.parents if not folder.exists()]
    try:
        hidden.mkdir(parents=True)
        yield hidden
        with suppress(FileNotFoundError):
            target.rmdir()
        hidden.rename(target)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        _remove_empty(made)
        raise


def make_whole(target: Path, names: Sequence[str], fill: Callable[[Path], None]) -> None:
    """The same for a folder that may be there and be a mounted disk: that one is filled.

    Args:
        target: The folder.
        names: What `fill` makes in it.
        fill: Called with the folder as it is named meanwhile.

    Raises:
        OSError: See `whole_folder`.
    """
    if not target.exists():
        with whole_folder(target) as folder:
            fill(folder)
        return
    try:
        fill(target)
    except BaseException as error:
        # What another run has filled meanwhile is that run's.
        if not (isinstance(error, OSError) and error.errno in TAKEN):
            for name in names:
                with suppress(OSError):
                    (target / name).unlink()
                shutil.rmtree(target / name, ignore_errors=True)
        raise


def remove_whole(folder: Path) -> None:
    """Removes a folder with all that is in it; at once it is not there under its name."""
    hidden = temporary_beside(folder)
    try:
        folder.rename(hidden)
    except OSError:  # a mounted disk cannot be renamed
        hidden = folder
    shutil.rmtree(hidden)


def _remove_empty(folders: Sequence[Path]) -> None:
    """Removes what was made, and no folder that others have used since."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
