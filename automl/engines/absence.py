"""How long a driver did not look after what it had started: stopped, suspended, or busy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Absence:
    """Adds up the seconds in which nobody waited for a worker, which it is not to blame for.

    A driver may be stopped (Ctrl-Z, a debugger, SIGSTOP), its machine suspended or overloaded, or
    it is busy with a proposal; its workers meanwhile wait for its answers. It may be stopped
    between any two of its instructions, so all seconds count but those of a wait, and whoever
    judges by the clock takes the time that `look` gives, not a later one.

    Args:
        now: The monotonic clock, in seconds.

    Attributes:
        seconds: The sum so far.
        waited: Seconds of all waits, none of which counts for longer than it should have taken.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds = self.waited = 0.0
        self._now = now
        self._seen: float | None = None

    def look(self) -> float:
        """Counts the seconds since the last look or wait.

        Returns:
            The time up to which `seconds` counts, on the monotonic clock.
        """
        now = self._now()
        if self._seen is not None:
            self.seconds += now - self._seen
        self._seen = now
        return now

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """A context that waits for news; what it takes longer than it should counts as absence.

        Args:
            seconds: Seconds after which the wait returns by itself.
        """
        started = self.look()
        try:
            yield
        finally:
            self._seen = self._now()
            took = self._seen - started
            self.seconds += max(0.0, took - seconds)
            self.waited += min(took, seconds)
