"""How many steps a call takes, so that a trial's limits are looked at often enough."""

from __future__ import annotations

CHUNK_SECONDS = 0.25
"""Aim for one call: a trial's limit is to hold within a second, also on a machine that is slower
than a moment ago. A call costs 0.2 ms."""
FIRST_CHUNK = 1
"""Steps of the very first call, before the time of a step is known: 4 s where a model has 120
million weights."""


class Chunks:
    """The length of the next call; where an epoch is cut does not change its numbers.

    Attributes:
        steps: How many steps the next call may take.
    """

    def __init__(self) -> None:
        self.steps = FIRST_CHUNK

    def took(self, steps: int, seconds: float) -> None:
        """Takes the measure of a call.

        Args:
            steps: The steps that it ran.
            seconds: How long it took.
        """
        wanted = steps * CHUNK_SECONDS / max(seconds, 1e-6)
        # The first call also prepares the graph, so the estimate may grow fast, not fall far.
        self.steps = max(1, min(int(wanted), 64 * self.steps))
