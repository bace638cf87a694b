"""The curves that a trial is compared with, in order of their losses, epoch by epoch."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Sequence

from automl.tuning.pruners.learning_curve import LearningCurve


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
            loss = _at(best, curve.completed, epoch)
            if loss is not None and (curve.completed or not completed_only):
                insort(losses, loss)

    def rivals(self, curve: LearningCurve, *, completed_only: bool = False) -> Rivals:
        """The losses of the others at the epoch that a trial is at.

        Args:
            curve: The trial's.
            completed_only: Whether only completed trials count.
        """
        ended = self._at_epoch(curve.epoch, completed_only)
        if completed_only:
            return Rivals(ended)
        losses = (peer.at(curve.epoch) for peer in self.running)
        return Rivals(ended, [loss for loss in losses if loss is not None])

    def completed(self, epoch: int) -> Rivals:
        """The losses at an epoch of the completed trials."""
        return Rivals(self._at_epoch(epoch, True))

    def _at_epoch(self, epoch: int, completed_only: bool) -> array[float]:
        key = epoch, completed_only
        if key not in self._sorted:
            self._sorted[key] = array("d", sorted(self._losses(*key)))
        return self._sorted[key]

    def _losses(self, epoch: int, completed_only: bool) -> list[float]:
        return [
            loss
            for best, completed in self._ended
            if (completed or not completed_only)
            and (loss := _at(best, completed, epoch)) is not None
        ]


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


def _at(best: Sequence[float], completed: bool, epoch: int) -> float | None:
    """The best loss up to an epoch, or None where the trial never got there."""
    if epoch <= len(best):
        return best[epoch - 1]
    return best[-1] if completed and best else None
