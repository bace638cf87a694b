"""A trial's files on their way to another machine and back: each under its path in the trial.

Callbacks of a person's own may write into folders. A link is no file of the trial: it stays where
it is, so that nothing outside is read or written through one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from automl.common.bounded import MOST_CHECKPOINT, read_bounded
from automl.common.root import Root
from automl.errors import RunError


def names_below(root: Root, folder: str | Path) -> list[str]:
    """The plain files in a folder and in those below it.

    Args:
        root: The tree that it is in.
        folder: The folder.

    Returns:
        Their paths in the folder, with ``/`` between the parts.
    """
    found, unseen = [], [PurePosixPath()]
    while unseen:
        at = unseen.pop()
        for name in (at / name for name in root.names(Path(folder, at))):
            if root.is_folder(Path(folder, name)):
                unseen.append(name)
            elif root.is_file(Path(folder, name)):
                found.append(str(name))
    return sorted(found)


def read_files(root: Root, folder: str | Path, names: Collection[str]) -> dict[str, bytes]:
    """What files of a trial hold.

    Raises:
        RunError: One is larger than the largest checkpoint, or a link is on the way.
    """
    return {name: read_bounded(root, Path(folder, name), MOST_CHECKPOINT) for name in names}


def write_files(root: Root, folder: str | Path, files: Mapping[str, bytes | None]) -> None:
    """Puts files into a trial's folder, which is made; None takes one of them away.

    Raises:
        RunError: A path leaves the folder, or a link is on the way.
        OSError: One cannot be written.
    """
    root.make_folder(folder)
    for name, content in files.items():
        own = PurePosixPath(name)
        if own.is_absolute() or ".." in own.parts or not own.parts:
            raise RunError(
                f"A file of {folder} is named {name!r}; the files of a trial must be in its own "
                "folder."
            )
        path = Path(folder, own)
        if content is None:
            root.remove(path)
            continue
        root.make_folder(path.parent)
        # A trial's files can be made again: they need not wait for the disk.
        root.write(path, content, durable=False)


def replace_files(root: Root, folder: str | Path, files: Mapping[str, bytes]) -> None:
    """Makes a trial's folder hold these files and none of an attempt before; see `write_files`."""
    for name in root.names(folder):
        if name not in files or root.is_folder(Path(folder, name)):
            root.remove_tree(Path(folder, name))
    if files:
        write_files(root, folder, files)
