"""Prunes by cost: trials are compared at equal seconds, where pruners compare them at equal epochs.

Under a time limit what counts is what a trial has reached for its seconds. A configuration whose
epochs are slow (small batches, wide layers) reports few of them, so that a pruner of epochs sees it
late: of 90 s, one took half of all worker seconds (measured). Here it is compared with what others
had reached when they had taken as long.
"""

from __future__ import annotations

from bisect import bisect_right

from automl.vocabulary.directions import sign_of

#: Share of its peers that must be ahead of a trial at equal seconds. Pruners of epochs already
#: stop what is worse than most; this one is for what is both slow and behind nearly all.
AHEAD = 0.75
#: Peers below which nothing is decided.
LEAST_PEERS = 4


class EqualSeconds:
    """The best scores of trials by the seconds that they had taken.

    Args:
        direction: ``minimize`` or ``maximize``.
        least: Seconds that a trial may take before it is compared.
    """

    def __init__(self, direction: str, least: float) -> None:
        self._sign = sign_of(direction)
        self._least = least
        self._curves: dict[int, tuple[list[float], list[float]]] = {}
        self._ended: set[int] = set()

    def report(self, trial: int, seconds: float, score: float) -> None:
        """Takes an epoch of a trial.

        Args:
            trial: Its number.
            seconds: Seconds from its start.
            score: Its score, in its own direction; NaN is none.
        """
        times, losses = self._curves.setdefault(trial, ([], []))
        loss = self._sign * score
        best = losses[-1] if losses else float("inf")
        times.append(seconds)
        losses.append(min(best, loss) if loss == loss else best)

    def end(self, trial: int) -> None:
        """Notes that a trial goes on no more: what it has reached, it keeps."""
        self._ended.add(trial)

    def should_prune(self, trial: int) -> bool:
        """Whether nearly all others had reached more in the seconds that a trial has taken."""
        times, losses = self._curves.get(trial, ([], []))
        if not times or times[-1] < self._least:
            return False
        peers = [
            loss
            for other in self._curves
            if other != trial and (loss := self._at(other, times[-1])) is not None
        ]
        ahead = sum(loss < losses[-1] for loss in peers)
        return len(peers) >= LEAST_PEERS and ahead > AHEAD * len(peers)

    def _at(self, trial: int, seconds: float) -> float | None:
        """The best loss of a trial after some seconds; None where it is not known yet."""
        times, losses = self._curves[trial]
        reached = bisect_right(times, seconds)
        if reached == 0 or (reached == len(times) and trial not in self._ended):
            return None
        return losses[reached - 1]
