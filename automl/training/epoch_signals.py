"""What a trial asks and tells inside an epoch: whether it is to end, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable

ASK_SECONDS = 0.5
"""Least time between two questions whether the trial is interrupted."""

TELL_SECONDS = 2.0
"""Seconds of an epoch after which it is told how much of it is done, and again after as many."""


class EpochSignals:
    """Asks and tells from time to time, for a small net makes thousands of steps in a second.

    Args:
        interrupted: The reason to end now, or None.
        running: Told of an epoch's number and the share of it that is done, or None.
        begun: When the trial began, as `time.perf_counter` has it.
    """

    def __init__(
        self,
        interrupted: Callable[[], str | None],
        running: Callable[[int, float], None] | None,
        begun: float,
    ) -> None:
        self._interrupted = interrupted
        self._running = running
        self._asked = time.perf_counter()
        self._told = begun

    def look(self, epoch: int, done: float) -> str:
        """Asks and tells, if it is time for it.

        Args:
            epoch: The epoch's number.
            done: The share of it that is done.

        Returns:
            The reason to end now, or "".
        """
        now = time.perf_counter()
        if now - self._asked < ASK_SECONDS:
            return ""
        self._asked = now
        if self._running is not None and now - self._told >= TELL_SECONDS:
            self._told = now
            self._running(epoch, done)
        return self._interrupted() or ""

    def epoch_ended(self) -> None:
        """Told that an epoch has just been reported as a whole."""
        self._told = time.perf_counter()
