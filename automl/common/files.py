"""Files that are there whole or not at all: written under a temporary name, then renamed."""

from __future__ import annotations

import errno
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from automl.common.bounded import MOST_JSON, parsed_json, read_bounded
from automl.common.root import Root
from automl.common.sealed import SEAL, sealed, unsealed
from automl.common.shell import shown_path
from automl.errors import RunError

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# No room on the disk, in a person's quota, or below the largest size that a file may have.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSALS = (*_NO_ROOM, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


@contextmanager
def disk_errors_explained(run: Path) -> Iterator[None]:
    """Turns a disk that is full, or may not be written, or is gone, into a sentence.

    Args:
        run: The directory of the run that is written to.

    Raises:
        RunError: The system refused to write.
    """
    try:
        yield
    except RunError as error:
        if not run.is_dir():
            raise _gone(run) from error
        raise
    except OSError as error:
        if not run.is_dir():
            raise _gone(run) from error
        if error.errno not in _REFUSALS:
            raise
        place = error.filename or run
        raise RunError(
            f"{place} cannot be written ({error.strerror or error}); make room or make it "
            f"writable, then go on with `automl resume {shown_path(run)}`."
        ) from error


def _gone(run: Path) -> RunError:
    return RunError(
        f"The run's directory {run} is not there any more: it was renamed or removed while it was "
        "used; go on with `automl resume` and the name that it has now."
    )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, says that there is no room left for files.

    Args:
        error: Any exception; libraries wrap the system's error, or only quote its text.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        if any(os.strerror(number) in str(error) for number in _NO_ROOM):
            return True
        error = error.__cause__ or error.__context__
    return False


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Writes a file atomically: readers see the old content or the new, never a part.

    Args:
        path: The file; its folder must exist.
        content: All of the file's bytes.
        durable: Whether to wait until the content is on the disk before it takes the name, so
            that a power cut cannot leave an empty file. What can be rebuilt need not wait.

    Raises:
        OSError: The file cannot be written; the old one is then untouched.
    """
    Root(path.parent).write(path.name, content, durable=durable)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Writes a UTF-8 file atomically, with ``\\n`` line ends on every system; see `write_bytes`."""
    write_bytes(path, text.encode(), durable=durable)


def write_sealed_json(path: Path, form: Mapping[str, Any]) -> None:
    """Writes a JSON object atomically, with a checksum by which readers know it."""
    text = to_json_text(sealed(finite(form))) + "\n"
    # As it is checked in reading: what is written can be read again.
    parsed_json(text.encode(), path)
    write_text(path, text)


def read_json_object(path: Path) -> dict[str, Any]:
    """Reads a JSON object from a run's or a bundle's file.

    Args:
        path: The file.

    Returns:
        The object.

    Raises:
        RunError: The file cannot be read, is not a JSON object, or was changed after it was
            written.
    """
    try:
        form = parsed_json(read_bounded(Root(path.parent), path.name, MOST_JSON), path)
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise RunError(f"{path} is not JSON ({error}); restore it from a copy.") from error
    if not isinstance(form, dict):
        raise RunError(f"{path} holds no JSON object; restore it from a copy.")
    try:
        return unsealed(form)
    except ValueError as error:
        raise RunError(
            f"{path} cannot be trusted: {error}; restore it from a copy, or, if you changed it on "
            f"purpose, remove the key {SEAL!r} from it."
        ) from error


def to_json_text(form: Any, indent: int | None = 2) -> str:
    """Spells a value as strict JSON.

    Args:
        form: Mappings, sequences, strings, numbers, booleans and None.
        indent: Spaces by level, or None for one line.

    Returns:
        Text that every JSON reader accepts: numbers that are not finite become ``null``,
        because JSON has no word for them.
    """
    text = json.dumps(finite(form), indent=indent, ensure_ascii=False, allow_nan=False)
    # Half of a surrogate pair, as in names of files that are no UTF-8, has only its escape.
    return text if text.isascii() else LONE_SURROGATE.sub(lambda c: f"\\u{ord(c[0]):04x}", text)


def finite(form: Any) -> Any:
    """Replaces every number that is not finite with None, at any depth."""
    if isinstance(form, float):
        return form if math.isfinite(form) else None
    if form is None or isinstance(form, str | int):  # most of what there is, and known at once
        return form
    if isinstance(form, Mapping):
        return {str(key): finite(value) for key, value in form.items()}
    if isinstance(form, Sequence):
        return [finite(value) for value in form]
    return form
