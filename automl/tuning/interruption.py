"""Ctrl-C: the first asks a search to end in order, the second ends it at once."""

from __future__ import annotations

import signal
import sys
import threading
from types import TracebackType
from typing import Any, Self


class Presses:
    """Answers Ctrl-C as Python does, and remembers that it was pressed.

    A KeyboardInterrupt is lost where it strikes code that no exception leaves: what frees an
    import's lock, and modules in C. A search that is still starting would go on for hours.
    """

    def __init__(self) -> None:
        self._pressed = False

    def listen(self) -> None:
        """Takes the place of Python's own answer, unless there is another one."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._press)
            sys.unraisablehook = self._lost

    def check(self) -> None:
        """Ends what Ctrl-C was meant to end.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        if self._pressed:
            raise KeyboardInterrupt

    def _press(self, *_: Any) -> None:
        self._pressed = True
        raise KeyboardInterrupt

    def _lost(self, unraisable: Any) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(unraisable)


#: What the command has heard of Ctrl-C since it started.
PRESSES = Presses()


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
        """Begins to listen.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed while the command started, and got lost.
        """
        PRESSES.check()
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
