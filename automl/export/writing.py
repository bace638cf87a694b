"""Writing what is exported: whole and checked, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from automl.common.option_values import named_place
from automl.common.root import Root, writer_of
from automl.common.whole_folder import TAKEN, whole_folder
from automl.errors import RequestError
from automl.export.formats import DEFAULT, Exported, find_format


def write_export(exported: Exported, to: Path, format_name: str = DEFAULT) -> None:
    """Writes a folder in some format, whole and checked or not at all.

    Args:
        exported: What is exported.
        to: The folder; it must not exist, or be empty.
        format_name: One of `automl.export.formats.format_names`.

    Raises:
        RequestError: The folder exists or cannot be written, or there is no such format.
    """
    write = find_format(format_name)
    check_free(to)
    _remove_unfinished(to)
    try:
        with whole_folder(to) as folder:
            write(exported, folder)
    except OSError as error:
        if error.errno in (*TAKEN, errno.ENOTDIR) and to.exists():
            raise RequestError(
                f"Another export has written {to} meanwhile; it is kept as it is, so choose "
                "another --to for this one."
            ) from error
        raise RequestError(
            f"The export {to} cannot be written ({error.strerror or error}); choose a place "
            "that is writable and has room."
        ) from error


def _remove_unfinished(to: Path) -> None:
    """Removes what exports to the same directory have left that were killed: raw rows are in it."""
    if not to.absolute().parent.is_dir() or not hasattr(os, "fork"):
        return
    root = Root(to.absolute().parent)
    for name in root.names():
        writer = writer_of(name)
        if writer is None or not name.startswith(f".{to.name}.{writer}."):
            continue
        try:
            os.kill(writer, 0)
        except ProcessLookupError:
            root.remove_tree(name)
        except (PermissionError, OverflowError):  # somebody else's, or no process's number
            continue


def check_free(to: str | Path) -> None:
    """Checks that an export can have a directory.

    Raises:
        RequestError: Something is there that is not an empty folder.
    """
    to = named_place("to", to)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise RequestError(f"{to} exists; remove it first or choose another --to.")
