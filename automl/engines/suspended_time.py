"""How long a process was held up: stopped, or in want of a core or a disk that it did not get."""

from __future__ import annotations

from automl.engines.absence import Absence
from automl.engines.limits import STOPPED_SECONDS
from automl.engines.process_table import ProcessState

#: Seconds between two looks; one takes some 0.3 ms.
LOOK_SECONDS = 0.2


class SuspendedTime:
    """Finds the seconds in which one process was held up, of which nobody waited for its driver.

    Args:
        absence: The driver's, which is counted on its own.
        now: Time on the monotonic clock.
    """

    def __init__(self, absence: Absence, now: float) -> None:
        self._absence = absence
        self._looked, self._absent = now, absence.seconds
        self._computed, self._was_held_up = 0.0, False
        self._stopped = 0.0

    def is_due(self, now: float) -> bool:
        """Whether it is time for the next look."""
        return now - self._looked >= LOOK_SECONDS

    def look(self, now: float, seen: ProcessState | None) -> float:
        """Takes how the process stands.

        Args:
            now: Time on the monotonic clock.
            seen: The process, or None where nothing is known of it.

        Returns:
            Seconds since the last look in which it was held up.
        """
        absent, self._absent = self._absence.seconds - self._absent, self._absence.seconds
        since, self._looked = now - self._looked - absent, now  # those are excused already
        if seen is None:
            return 0.0
        computed, self._computed = seen.computed - self._computed, seen.computed
        # Neither goes on by itself: a signal may never come, nor a file server answer.
        may_last = seen.is_stopped or (seen.waits_for_disk and not seen.wants_core)
        before, self._was_held_up = self._was_held_up, may_last or seen.wants_core
        held_up = 0.0
        if before or self._was_held_up:  # it may have come on again in between
            held_up = max(0.0, since - computed)
            if may_last:
                held_up = min(held_up, max(0.0, STOPPED_SECONDS - self._stopped))
        self._stopped = self._stopped + since if may_last else 0.0
        return held_up
