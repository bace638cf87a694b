"""The lines of a study's journal, read without Optuna: one JSON object a line, append-only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from automl.errors import RunError


def read_tail(path: Path, offset: int = 0) -> bytes:
    """Reads a journal's bytes from an offset to its end; a journal that is not there is empty."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
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
    lines = [line + b"\n" for line in content[:end].split(b"\n")[:-1]]
    if lines and not _is_json(lines[-1]):
        lines.pop()
    return lines


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
    except ValueError:
        parsed = None
    if (
        parsed is not None
        and len(parsed) == len(lines)
        and all(isinstance(form, dict) for form in parsed)
    ):
        return list(parsed)
    return [_parse_line(line, path, number) for number, line in enumerate(lines, start=first)]


def _parse_line(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        form = json.loads(line)
    except ValueError:
        form = None
    if not isinstance(form, dict):
        raise RunError(
            f"Line {number} of the study file {path} is not a JSON object, so the run cannot be "
            "read; restore the file from a copy, or remove that line and all after it."
        )
    return form


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
