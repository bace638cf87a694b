"""How much is read of a file that may come from a stranger, and how deep it may be nested.

A run and a bundle are directories of small files. One that is far larger than any that this package
writes would fill the memory of whoever looks at it, so a bound is looked at before anything is
read, and a sentence names the file, its size and the bound. What is written keeps to the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from automl.common.machine import total_memory
from automl.common.root import Root
from automl.errors import RunError

#: Most bytes of a JSON file. The largest that was measured, the plan of a table with 100,000
#: categories, has 3 MB.
MOST_JSON = 64 << 20
#: Most bytes of a table or a text: a leaderboard of 10,000 trials has 6 MB.
MOST_TEXT = 256 << 20
#: Most bytes of a trial's checkpoint: Adam on two billion weights has 24 GB.
MOST_CHECKPOINT = 32 << 30
#: Deepest nesting of a JSON value. Configurations of Keras's models have some 20 levels, and five
#: more for each model inside a model.
MOST_NESTING = 200


def read_bounded(root: Root, path: str | Path, most: int) -> bytes:
    """Reads a whole file that is no larger than a bound.

    Args:
        root: The tree that it is in.
        path: The file.
        most: Bytes that it may have.

    Raises:
        RunError: It is larger, or a link is on the way.
        OSError: It cannot be read.
    """
    most = most_read(most)
    with root.open(path) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(root.path / path, size, most)
        content: bytes = file.read(size + 1)
    check_size(root.path / path, len(content), most)  # it may have grown
    return content


def most_read(most: int) -> int:
    """A bound, or half of the memory there is for this process, where that is less.

    Args:
        most: Bytes.
    """
    memory = total_memory()
    return most if memory is None else min(most, max(MOST_TEXT, memory // 2))


def check_size(place: str | Path, size: int, most: int) -> None:
    """Checks a size against a bound.

    Args:
        place: What has the size, for the message.
        size: Bytes.
        most: The bound.

    Raises:
        RunError: It is larger.
    """
    if size > most:
        raise RunError(
            f"{place} has {size:,} bytes, more than the {most:,} that are read of such a file; "
            "restore it from a copy."
        )


def parsed_json(content: bytes | str, place: str | Path, most: int = MOST_JSON) -> Any:
    """Parses JSON that is neither too long nor nested too deep.

    Args:
        content: The JSON.
        place: Where it is from, for the message.
        most: Bytes that it may have.

    Raises:
        RunError: It is longer or deeper.
        ValueError: It is not JSON.
    """
    check_size(place, len(content), most)
    try:
        form = json.loads(content)
    except RecursionError as error:
        raise _too_deep(place) from error
    check_nesting(form, place)
    return form


def check_nesting(form: Any, place: str | Path) -> None:
    """Checks how deep a JSON value is nested.

    Raises:
        RunError: Too deep.
    """
    level = [form] if type(form) in (dict, list) else []
    depth = 0
    while level:
        depth += 1
        if depth > MOST_NESTING:
            raise _too_deep(place)
        level = [
            part
            for value in level
            for part in (value.values() if type(value) is dict else value)
            if type(part) in (dict, list)
        ]


def _too_deep(place: str | Path) -> RunError:
    return RunError(
        f"{place} holds a value that is nested deeper than the {MOST_NESTING} levels that are "
        "read; restore it from a copy."
    )
