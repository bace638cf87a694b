"""A ``.keras`` file looked at before it is loaded: what it holds, how much, how deep.

Keras itself refuses code in it, links of its weights to other files, and archives that expand a
hundredfold. It stores its members as they are, so that what a file holds is no more than the file.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from automl.common.archives import UNREADABLE_ARCHIVE
from automl.common.bounded import MOST_JSON, check_size, parsed_json
from automl.errors import RunError

_JSON = ("config.json", "metadata.json")
#: By how much the members of a file that somebody has packed again may exceed it.
MOST_EXPANSION = 4
_SLACK = 16 << 20


def check_model_file(path: Path) -> None:
    """Checks a ``.keras`` file's members by what the archive declares and what it gives.

    Args:
        path: The file.

    Raises:
        RunError: It is no archive of Keras's, or holds more than its size.
    """
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            declared = sum(member.file_size for member in members)
            check_size(f"What is packed in {path}", declared, MOST_EXPANSION * size + _SLACK)
            for member in members:
                if member.filename in _JSON:
                    place = f"{member.filename} in {path}"
                    check_size(place, member.file_size, MOST_JSON)
                    with archive.open(member) as file:
                        parsed_json(file.read(MOST_JSON + 1), place)
    except UNREADABLE_ARCHIVE as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RunError:
    return RunError(
        f"The model {path} cannot be loaded by Keras ({error}); it is no whole .keras file: "
        "restore it from a copy, or export it again."
    )
