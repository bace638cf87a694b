"""At which epochs a trial asks whether to go on, and waits for the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from automl.trial import EpochReport, TrialSpec
from automl.vocabulary.directions import sign_of


class AskPolicy:
    """Knows for each epoch of one trial whether its worker has to ask.

    Waiting costs a small net more than its training. So the driver says ahead which score spares
    a trial at each of the epochs that follow (`TrialSpec.thresholds`): while the best one so far
    reaches it, the answer could only be to go on, and nobody waits for it.

    Args:
        spec: The trial.
        direction: ``minimize`` or ``maximize``.
    """

    def __init__(self, spec: TrialSpec, direction: str) -> None:
        self._asks = spec.wait_for_answer
        self._sign = sign_of(direction)
        self._best = math.inf
        self._after, self._thresholds = 0, spec.thresholds

    def has_to_ask(self, report: EpochReport) -> bool:
        """Takes the next epoch; whether its worker has to wait for an answer after it.

        Epochs of one execution are compared, the first: those of others are on other rows, or
        with other seeds.
        """
        if not self._asks or report.execution > 1:
            return False
        for score in (*report.before, report.score):
            if math.isfinite(score):
                self._best = min(self._best, self._sign * score)
        place = report.epoch - self._after - 1
        if not 0 <= place < len(self._thresholds) or math.isinf(self._best):
            return True
        return self._best > self._sign * self._thresholds[place]

    def answered(self, epoch: int, thresholds: Sequence[float]) -> None:
        """Takes the thresholds of the epochs that follow one."""
        self._after, self._thresholds = epoch, tuple(thresholds)
