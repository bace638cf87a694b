"""Commands and options as a person can paste them into a shell, whatever their values are."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path


def quoted(value: object) -> str:
    """A value as one word of a shell.

    What no terminal shows (line ends, escapes, bytes that are no text) is written in ``$'...'``.
    """
    text = str(value)
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def option(name: str, value: object) -> str:
    """An option with its value, which may look like an option itself.

    Args:
        name: The option, such as ``--ignore``.
        value: Its value.
    """
    text = str(value)
    return f"{name}={quoted(text)}" if text.startswith("-") else f"{name} {quoted(text)}"


def shown_path(path: str | Path) -> str:
    """A path as a person would type it: relative where it is below the working directory."""
    place = Path(path)
    with suppress(ValueError, OSError):
        place = place.absolute().relative_to(Path.cwd())
    text = str(place)
    return quoted(f"./{text}" if text.startswith("-") else text)
