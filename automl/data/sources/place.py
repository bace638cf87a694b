"""Whether a source is a file that can be read, and one true sentence where it is not."""

from __future__ import annotations

import errno
import os
import re
import shlex
import stat
from collections.abc import Sequence
from pathlib import Path

from automl.common.names import did_you_mean
from automl.errors import DataError

ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*):/{1,2}(?=\S)", re.IGNORECASE)
COPIES = {"s3": "aws s3 cp", "gs": "gcloud storage cp", "http": "curl -O", "https": "curl -O"}


def check_address(source: str) -> None:
    """Refuses what is an address and no path.

    Raises:
        DataError: It is one.
    """
    found = ADDRESS.match(source)
    if found is None or Path(source).exists():
        return
    scheme = found[1].lower()
    if scheme == "file":
        path = re.sub(r"^file:/+(localhost/)?", "/", source, flags=re.IGNORECASE)
        raise DataError(f"{source!r} is an address: give the file's path, {path!r}.")
    command = COPIES.get(scheme)
    # In a Path two slashes have become one.
    whole = re.sub(r"^([^/]*:)/+", r"\1//", source)
    here = " ." if command and command.endswith("cp") else ""
    how = f", for example with `{command} {shlex.quote(whole)}{here}`," if command else ""
    raise DataError(
        f"{source!r} is an address, and rows are read from this machine only: copy the file "
        f"here{how} and give its path."
    )


def check_file(path: Path, formats: str, known: Sequence[str], others: Sequence[str] = ()) -> None:
    """Checks that a path is a file with something in it.

    Args:
        path: The path.
        formats: What can be read, for a message.
        known: Endings of the files that can be read.
        others: Further names that may have been meant.

    Raises:
        DataError: It is not there, is no file, is empty or may not be read.
    """
    shown = repr(str(path))
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise DataError(_absent(path, error, known, others)) from error
    kinds = {
        stat.S_ISDIR: f"is a folder: give a file ({formats})",
        stat.S_ISFIFO: "is a pipe: give - as the file, and the rows on standard input "
        "(`automl ... - < PIPE`)",
        stat.S_ISSOCK: "is a socket: give a file",
        stat.S_ISCHR: "is a device: give a file",
        stat.S_ISBLK: "is a device: give a file",
    }
    for is_kind, sentence in kinds.items():
        if is_kind(found.st_mode):
            raise DataError(f"{shown} {sentence}.")
    if not os.access(path, os.R_OK):
        raise DataError(f"The file {shown} may not be read by this user: change its permissions.")
    if found.st_size == 0:
        raise DataError(f"The file {shown} is empty: give a file with a header and rows.")


def _absent(path: Path, error: Exception, known: Sequence[str], others: Sequence[str]) -> str:
    shown = repr(str(path))
    number = getattr(error, "errno", None)
    if number == errno.ELOOP:
        return f"{shown} is a link that leads back to itself: give a file."
    if number in (errno.ENOENT, errno.ENOTDIR) and path.is_symlink():
        return f"{shown} is a link to {str(path.readlink())!r}, which is not there: give a file."
    if number not in (None, errno.ENOENT, errno.ENOTDIR):
        return f"The file {shown} cannot be read: {os.strerror(number)}."
    try:
        siblings = [p.name for p in path.parent.iterdir() if p.is_file()]
    except OSError:  # a folder that may not be listed has no names to offer
        siblings = []
    near = [n for n in siblings if n != path.name and n.lower().endswith(tuple(known))]
    return f"There is no file {shown}{did_you_mean(path.name, [*near, *others], '.')}"
