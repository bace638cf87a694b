"""The curves that a trial is compared with, in order of their losses, epoch by epoch."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Sequence

from automl.tuning.pruners.learning_curve import LearningCurve, best_at


class Peers:
    """Curves of other trials, so kept that a comparison does not look at each of them.

    The losses of an epoch are sorted when it is first asked about, and kept sorted from then on:
    a comparison takes a binary search, a new curve one insertion for each epoch asked about.

    Args:
        ended: Curves that go on no more.
        running: Curves as they stand now.

    Attributes:
        running: Curves of the trials that run now; to be replaced as they go on.
    """

    def __init__(
        self,
        ended: Sequence[LearningCurve] = (),
        running: Sequence[LearningCurve] = (),
    ) -> None:
        self._ended: list[tuple[array[float], bool]] = []
        # By epoch and whether only completed trials count.
        self._sorted: dict[tuple[int, bool], array[float]] = {}
        self.running = running
        for curve in ended:
            self.add(curve)

    def add(self, curve: LearningCurve) -> None:
        """Takes the curve of a trial that has ended; the order of the calls does not matter."""
        best = array("d", curve.best)
        self._ended.append((best, curve.completed))
        for (epoch, completed_only), losses in self._sorted.items():
            loss = best_at(best, curve.completed, epoch)
            if loss is not None and (curve.completed or not completed_only):
                insort(losses, loss)

    def rivals(self, curve: LearningCurve) -> Rivals:
        """The losses of the others at the epoch that a trial is at."""
        losses = (peer.at(curve.epoch) for peer in self.running)
        running = [loss for loss in losses if loss is not None]
        return Rivals(self._at_epoch(curve.epoch, False), running)

    def completed(self, epoch: int) -> Rivals:
        """The losses at an epoch of the completed trials."""
        return Rivals(self._at_epoch(epoch, True))

    def _at_epoch(self, epoch: int, completed_only: bool) -> array[float]:
        key = epoch, completed_only
        if key not in self._sorted:
            losses = (
                best_at(best, completed, epoch)
                for best, completed in self._ended
                if completed or not completed_only
            )
            self._sorted[key] = array("d", sorted(loss for loss in losses if loss is not None))
        return self._sorted[key]


class Rivals:
    """Losses at one epoch: less is better.

    Args:
        ended: Sorted ones.
        running: A few more, in any order.
    """

    def __init__(self, ended: Sequence[float], running: Sequence[float] = ()) -> None:
        self._ended = ended
        self._running = running

    def __len__(self) -> int:
        return len(self._ended) + len(self._running)

    def better_than(self, loss: float) -> int:
        """How many are less."""
        return bisect_left(self._ended, loss) + sum(other < loss for other in self._running)

    def median(self) -> float:
        """The middle one, or the mean of the two in the middle."""
        both = sorted([*self._ended, *self._running]) if self._running else self._ended
        middle = len(both) // 2
        return both[middle] if len(both) % 2 else (both[middle - 1] + both[middle]) / 2
