"""Standard output and error: what terminals, pipes and full disks may do to them.

Printing never ends what a command does: a search of a night is worth more than its progress, and
what could not be printed is said at the end, where there is still somebody to read it.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from typing_extensions import override

from automl.common.neutral import printable, printable_lines


class Output(io.TextIOBase):
    """A stream that outlives what it writes to.

    Characters that cannot be shown become others, lines appear as they are printed in a file or
    pipe too, and once writing has failed, nothing more is written.

    Args:
        stream: The stream; None where the descriptor was closed before Python started.

    Attributes:
        failure: Why writing failed, or None.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)

    @property
    def is_closed(self) -> bool:
        """Whether there was nothing to write to from the beginning."""
        return self._stream is None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What characters become."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What becomes of characters that it lacks."""
        return getattr(self._stream, "errors", None) or "replace"

    @property
    def buffer(self) -> Any:
        """The bytes below, for who writes bytes."""
        return getattr(self._stream, "buffer", None)

    @override
    def write(self, text: str, /) -> int:
        if self._stream is not None and self.failure is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self._fail(error)
        return len(text)

    @override
    def flush(self) -> None:
        if self._stream is not None and self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Sends what comes nowhere: Python would try at its end to write what is buffered."""
        self.failure = error
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)

    @override
    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    @override
    def fileno(self) -> int:
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._stream.fileno()

    @override
    def writable(self) -> bool:
        return True


@contextmanager
def guarded_streams() -> Iterator[Output]:
    """A context in which printing to standard output and error never raises.

    Yields:
        Standard output.
    """
    _occupy_closed_descriptors()
    before = sys.stdout, sys.stderr
    output = Output(before[0])
    sys.stdout, sys.stderr = output, Output(before[1])
    try:
        yield output
    finally:
        output.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _occupy_closed_descriptors() -> None:
    """Opens what was closed at the start: a file of the run must not become standard output."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free one, which is this


def why_unprinted(output: Output) -> str:
    """Why not all was printed, the beginning of a sentence; "" where all was.

    Who closes a pipe, as ``head`` does, has read enough and need not be told.
    """
    if output.is_closed:
        return "Standard output is closed"
    if output.failure is None or isinstance(output.failure, BrokenPipeError):
        return ""
    return f"Standard output cannot be written ({output.failure.strerror or output.failure})"


def complain(sentence: str) -> None:
    """Prints an error's sentence on standard error."""
    print(f"automl: {printable_lines(sentence)}", file=sys.stderr)


def print_json(value: Any) -> None:
    """Prints one JSON value, its numbers that are not finite as null."""
    from automl.common.files import finite

    print(json.dumps(finite(value), indent=2))


def tell(notes: Iterable[str]) -> None:
    """Prints notes on standard error, where they are in the way of no table, CSV or JSON."""
    for note in notes:
        print(printable(note), file=sys.stderr)


def is_terminal(stream: Any = None) -> bool:
    """Whether a stream, by default standard output, is a terminal that can redraw its lines."""
    isatty: bool = (stream or sys.stdout).isatty()
    return isatty and os.environ.get("TERM") not in ("dumb", "unknown")


def use_color() -> bool:
    """Whether to use colours: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def screen_width(otherwise: int = 100) -> int:
    """Characters of a line: the terminal's, or for a file or pipe a fixed number."""
    import shutil

    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return otherwise
    return shutil.get_terminal_size((otherwise, 24)).columns
