"""The lines of a study's journal, read without Optuna: one JSON object a line, append-only."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from automl.common.bounded import check_nesting, check_size, parsed_json
from automl.common.root import Root
from automl.common.texts import is_json
from automl.errors import RunError

# What is read at once: the journal of 10,000 trials has 120 MB, and as objects ten times that.
_BLOCK = 4 << 20
#: Most bytes of a line: a trial's longest, its configuration or its result, have some kilobytes.
_LONGEST = 32 << 20
#: A line with fewer brackets is not nested too deep, whatever stands between them.
_FEW_BRACKETS = 100


def read_tail(path: Path, offset: int = 0) -> bytes:
    """Reads a journal's bytes from an offset to its end; a journal that is not there is empty."""
    try:
        with Root(path.parent).open(path.name) as file:
            file.seek(offset)
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return b""


def whole_lines(content: bytes) -> list[bytes]:
    """Splits off the lines that were written whole.

    A writer that is killed inside a write leaves a last line without its line end, and a power
    cut may leave one that is not JSON although its line end is there. Neither was ever
    confirmed to anybody, so both count as never written. Everything before was.

    Args:
        content: A journal's bytes, from the start of a line.

    Returns:
        The whole lines, each with its line end.
    """
    end = content.rfind(b"\n") + 1
    lines = _split(content[:end])
    if lines and not is_json(lines[-1]):
        lines.pop()
    return lines


def read_blocks(path: Path, offset: int = 0) -> Iterator[list[bytes]]:
    """Reads a journal's whole lines (see `whole_lines`) from an offset on, some MB at a time.

    Args:
        path: The journal; one that is not there is empty.
        offset: Where to begin, the start of a line.

    Yields:
        Whole lines, each with its line end.
    """
    try:
        file = Root(path.parent).open(path.name)
    except FileNotFoundError:
        return
    with file:
        file.seek(offset)
        rest = b""
        while block := file.read(_BLOCK):
            # The last whole line is held back: only what follows says whether it was cut.
            rest += block
            if len(rest) > _LONGEST + _BLOCK:
                check_size(f"A line of the study file {path}", len(rest), _LONGEST)
            end = rest.rfind(b"\n", 0, max(0, rest.rfind(b"\n"))) + 1
            if end:
                yield _split(rest[:end])
                rest = rest[end:]
    yield whole_lines(rest)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keeps Python's garbage collector from searching what is being read, which doubles its time.

    A journal's objects hold no cycles, so nothing is there to be found.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def parse_lines(lines: list[bytes], path: Path, first: int = 1) -> list[dict[str, Any]]:
    """Parses whole lines.

    Args:
        lines: Lines as `whole_lines` gives them.
        path: The journal, for the message of an error.
        first: Number of the first line, counted from 1, for the message of an error.

    Returns:
        One dictionary a line.

    Raises:
        RunError: A line in the middle is not a JSON object: the file was changed by others.
    """
    try:
        # One call for all lines is several times faster than a call a line.
        parsed = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        parsed = None
    if (
        parsed is not None
        and len(parsed) == len(lines)
        and all(isinstance(form, dict) for form in parsed)
    ):
        for line, form, number in zip(lines, parsed, count(first), strict=False):
            if line.count(b"{") + line.count(b"[") > _FEW_BRACKETS:
                check_nesting(form, f"Line {number} of the study file {path}")
        return list(parsed)
    return [_parse_line(line, path, number) for number, line in enumerate(lines, start=first)]


def _split(content: bytes) -> list[bytes]:
    """The lines of a content that ends in a line end; other kinds of line end do not count."""
    return [line + b"\n" for line in content.split(b"\n")[:-1]]


def _parse_line(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        form = parsed_json(line, f"Line {number} of the study file {path}")
    except ValueError:
        form = None
    if not isinstance(form, dict):
        raise RunError(
            f"Line {number} of the study file {path} is not a JSON object, so the run cannot be "
            "read; restore the file from a copy, or remove that line and all after it."
        )
    return form
