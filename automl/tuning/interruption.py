"""Ctrl-C: the first asks a search to end in order, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from types import TracebackType
from typing import Any, Self


class Interruption:
    """Takes the place of Python's own answer to Ctrl-C while it is entered.

    In threads other than the main one, which Ctrl-C never reaches, it does nothing. Entered again
    inside itself, it goes on as it is.
    """

    def __init__(self) -> None:
        self._asked = False
        self._depth = 0
        self._original: Any = None

    def is_asked(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._asked

    def __enter__(self) -> Self:
        """Begins to listen."""
        self._depth += 1
        if self._depth == 1 and threading.current_thread() is threading.main_thread():
            self._original = signal.signal(signal.SIGINT, self._pressed)
        return self

    def _pressed(self, *_: Any) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Gives Ctrl-C back to whoever had it."""
        self._depth -= 1
        if self._depth == 0 and self._original is not None:
            signal.signal(signal.SIGINT, self._original)
            self._original = None
