"""How long a driver did not look after what it had started: stopped, suspended, or busy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Absence:
    """Adds up the seconds in which nobody looked, which no worker is to blame for.

    A driver may be stopped (Ctrl-Z, a debugger, SIGSTOP), its machine suspended or overloaded, or
    it is busy with a proposal; its workers meanwhile wait for its answers.

    Args:
        now: The monotonic clock, in seconds.

    Attributes:
        seconds: The sum so far.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds = 0.0
        self._now = now
        self._left: float | None = None

    @contextmanager
    def looking(self) -> Iterator[None]:
        """A context in which somebody looks; the seconds since the one before count as absence."""
        if self._left is not None:
            self.seconds += self._now() - self._left
        try:
            yield
        finally:
            self._left = self._now()

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """A context that waits for news; what it takes longer than it should counts as absence.

        Args:
            seconds: Seconds after which the wait returns by itself.
        """
        started = self._now()
        try:
            yield
        finally:
            self.seconds += max(0.0, self._now() - started - seconds)
