"""Small questions about texts that come from elsewhere: other libraries' messages, files, names."""

from __future__ import annotations

import json


def first_line(error: BaseException) -> str:
    """The first line of an error's message; its type's name where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def valid_text(text: str) -> str:
    """A text as it can be written to a file: of half a surrogate pair a mark is left."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def is_number_text(text: str) -> bool:
    """Whether Python reads a text as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_json(text: str | bytes) -> bool:
    """Whether a text is JSON as a whole."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
