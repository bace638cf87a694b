"""Where a trial's time goes, by stage."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping


class Timings:
    """Counts seconds by stage; a stage inside another is taken off the outer one.

    Attributes:
        begun: ``time.perf_counter()`` when this session of the trial began.
        start: The same less what it had taken before it was paused.
        seconds: Seconds by the name of the stage, in the order in which stages were entered.
    """

    def __init__(self) -> None:
        self.begun = self.start = time.perf_counter()
        self.seconds: dict[str, float] = {}
        self._inner = [0.0]

    def go_on(self, seconds: float, stages: Mapping[str, float]) -> None:
        """Counts on from a trial's earlier session.

        Args:
            seconds: Seconds that it took.
            stages: Seconds by the name of the stage.
        """
        self.start = self.begun - seconds
        for name, value in stages.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + value

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A context whose seconds count for a stage."""
        self.seconds.setdefault(name, 0.0)
        self._inner.append(0.0)
        entered = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - entered
            self.seconds[name] += took - self._inner.pop()
            self._inner[-1] += took

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.start
