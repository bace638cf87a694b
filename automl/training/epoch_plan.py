"""How many epochs fit into the time that a trial may take.

A learning rate that is to fall to nothing over a hundred epochs has hardly fallen where a limit of
time cuts the trial off after five, and the model is far from what five epochs can reach. Decaying
over what there is time for reaches it (Li, Yumer & Ramanan 2020, Budgeted Training, ICLR). So the
first epoch is timed, and where all would take too long there are fewer, over which the schedule
stretches.

A trial of one or two epochs says little of a configuration, and its model is of no use. Where so
few fit into a trial's share of a search, the first trials may take longer, and there are fewer of
them. Later on, beside one that has come to something, far too few are known to come to nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

LEAST_MEASURED = 0.5
"""Seconds of training that are timed, or a whole epoch if that takes less."""
FITTING_SHARE = 0.9
"""Share of the time that is left that is planned for: epochs get slower where more is running."""
FEWEST_EPOCHS = 10
"""Epochs that a trial should have (Jordan 2024, arXiv 2404.00498: small images in 9.9) ..."""
FEWEST_STEPS = 4_000
"""... unless so many steps of the optimizer are fewer epochs (own choice)."""
HOPELESS_SHARE = 1 / 3
"""Share of them below which a trial is given up where it may be (own choice): a densenet that was
trained for two epochs in place of ten took an eighth of an hour's search of images."""


class EpochPlan:
    """Times the first epoch and says how many there is time for.

    Args:
        end: When the trial should be over, on ``now``; None where its epochs are as many as it
            may have.
        most: Epochs that it may have.
        now: Tells seconds.
        latest: When it has to be over where too few epochs fit before ``end``; None for no later.

    Attributes:
        is_longer: Whether it goes on beyond ``end``, up to ``latest``.
    """

    def __init__(
        self,
        end: float | None,
        most: int,
        now: Callable[[], float] = time.perf_counter,
        latest: float | None = None,
    ) -> None:
        self.is_longer = False
        self._end = end
        self._latest = latest
        self._fewest = FEWEST_EPOCHS
        self._most = most
        self._now = now
        self._first: tuple[float, float] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be found how many there are."""
        return self._end is not None

    def close(self) -> None:
        """Leaves the epochs as they are."""
        self._end = None

    def expect(self, steps: int) -> None:
        """Takes the number of steps in an epoch."""
        self._fewest = min(FEWEST_EPOCHS, math.ceil(FEWEST_STEPS / steps))

    def fitting(self, done: float, validation: float, after: float) -> int | None:
        """How many epochs fit.

        The very first call of a training prepares much, so seconds count from its end.

        Args:
            done: Share of the first epoch's steps that are done.
            validation: Seconds of a validation.
            after: Seconds from the last score to the result.

        Returns:
            The number, from 1 to as many as there may be; None while it is not known.
        """
        if self._end is None or not done:
            return None
        now = self._now()
        if self._first is None and done < 1.0:
            self._first = now, done
            return None
        if self._first is None:  # an epoch of one call, which says little and takes little
            return self._most
        began, before = self._first
        if now - began < LEAST_MEASURED and done < 1.0:
            return None
        epoch = (now - began) / (done - before) + validation

        def fit_before(end: float) -> int:
            return int(FITTING_SHARE * (end - now - after) / max(epoch, 1e-9))

        found, fewest = fit_before(self._end), min(self._fewest, self._most)
        if found < fewest and self._latest is not None and self._latest > self._end:
            self.is_longer = True
            found = min(fewest, fit_before(self._latest))
        return max(1, min(self._most, found))

    def is_hopeless(self, fitting: int, leader: int) -> bool:
        """Whether far fewer epochs fit than a trial should have.

        Args:
            fitting: How many fit.
            leader: How many the best trial so far had: where that came to something with few,
                others may; 0 where no trial is hopeless.
        """
        return fitting < HOPELESS_SHARE * min(self._fewest, self._most, leader)
