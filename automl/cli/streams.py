"""Standard output and error: what terminals and pipes may do that must not end in a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from automl.common.neutral import printable, printable_lines


def complain(sentence: str) -> None:
    """Prints an error's sentence on standard error."""
    print(f"automl: {printable_lines(sentence)}", file=sys.stderr)


def tell(notes: Iterable[str]) -> None:
    """Prints notes on standard error, where they are in the way of no table, CSV or JSON."""
    for note in notes:
        print(printable(note), file=sys.stderr)


def tolerate_characters() -> None:
    """Lets a terminal that lacks a character show another one, rather than fail.

    Lines appear as they are printed in a file or pipe too: a search that runs for a night is
    watched by its output.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)


def drop_output() -> None:
    """Sends further output nowhere, once the reader of the pipe has gone.

    Python would otherwise try, at its end, to write out what is still buffered, and complain.
    """
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def is_terminal() -> bool:
    """Whether standard output is a terminal that can redraw its lines."""
    return sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def use_color() -> bool:
    """Whether to use colours: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def screen_width(otherwise: int = 100) -> int:
    """Characters of a line: the terminal's, or for a file or pipe a fixed number."""
    import shutil

    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return otherwise
    return shutil.get_terminal_size((otherwise, 24)).columns
