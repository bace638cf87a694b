"""When a trial has to be over, and when its training has to stop for that."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from automl.training.device_data import DeviceRows
from automl.trial import SEARCH_OVER, SHARE_TAKEN, TIME_LIMIT_REACHED, TrialSpec

SAVE_SECONDS = 0.15
"""Saving a model of few weights, with its hash, predictions and history (0.03 to 0.1 measured),
and the message that brings the result."""
SAVE_RATE = 60e6
"""Bytes of weights that are saved and hashed in a second; half of what was measured."""
METRIC_SECONDS = 5e-6
"""Seconds a row that all metrics of a task take (4 measured, of a binary task)."""
INTERRUPT_SECONDS = 1.0
"""Seconds within which a trial that is interrupted tries to be over."""
TRAINING_SHARE = 0.5
"""Share of the seconds between the end of training and the deadline that the metrics on training
rows may take; the rest is for errors of the estimate."""
TRAINING_SECONDS = 0.2
"""Seconds that they are given at least."""
PROBE_ROWS = (64, 1024)
"""Rows by which the seconds of a validation are estimated inside the first epoch: the more, the
better the estimate, but of a model that takes long the first ones have to do."""
PROBE_SECONDS = 0.25
"""Seconds that the larger probe may take."""
EXPORT_RATE = 40e6
"""Bytes of the best model's weights for which a second of the search is kept back. After the last
trial it is loaded and scored, exported, and loaded again for the export's check: 484 MB took 9 to
12 s on two cores, the arithmetic not counted."""
KEPT_BACK_SHARE = 0.5
"""Share of what the search has left, when a model is ready to be trained, that may be kept back."""
FEWEST_ROWS = 1024
"""Training rows that are scored at least."""
STOPPED_SECONDS = 2.0
"""Seconds between two looks at the limits, which come every half second while a model trains, from
which on the process may have been stopped ..."""
STOPPED_SHARE = 0.1
"""... if it has computed for less than this share of them."""


def own_seconds(passed: float, used: float) -> float:
    """Seconds of a process's own, those in which it was stopped or got no core left out.

    Args:
        passed: Seconds that have passed.
        used: Seconds that it has computed meanwhile.
    """
    return used if passed > STOPPED_SECONDS and used < STOPPED_SHARE * passed else passed


class Deadline:
    """Watches one trial's limits.

    Args:
        spec: The trial: its own limit, and the seconds that the search has left.
        start: When the trial began, on `time.perf_counter`, which the limits count from.
        train: The training rows.
        validation: The validation rows.
        test_rows: How many rows the best model is scored on after the search.
        begun: When this session of the trial began, which the search's end counts from; None for
            the same.
    """

    def __init__(
        self,
        spec: TrialSpec,
        start: float,
        train: DeviceRows,
        validation: DeviceRows,
        test_rows: int = 0,
        begun: float | None = None,
    ) -> None:
        own, search = spec.budget.seconds, spec.time.left
        self._own_reason = f"{TIME_LIMIT_REACHED} of {own:g} s" if own is not None else ""
        share = spec.time.share
        if share is not None and (own is None or share < own):
            own = share
            self._own_reason = f"{SHARE_TAKEN}, {share:.3g} s"
        self._start = start
        self._own_end = None if own is None else start + own
        self._search_end = None if search is None else (start if begun is None else begun) + search
        self._interrupted_end: float | None = None
        self._train, self._validation = train, validation
        self._test_rows = test_rows
        self._row_seconds: float | None = None
        self._weight_bytes = 0
        self._most_kept_back = 0.0
        self._kept_for_leader = spec.time.kept_back
        self._seen = start if begun is None else begun
        self._computed = time.process_time()
        self._seed = spec.seed

    def use(self, train: DeviceRows, validation: DeviceRows) -> None:
        """Takes the same rows in the form that the model takes them."""
        self._train, self._validation = train, validation

    def extend(self, seconds: float | None) -> None:
        """Lets the trial take more of the search's time than its share.

        Args:
            seconds: What it may take in all; None for what it may already.
        """
        if seconds is not None and self._own_end is not None:
            longer = self._start + seconds
            if longer > self._own_end:
                self._own_end = longer
                self._own_reason = f"{SHARE_TAKEN}, {seconds:.3g} s"

    def excuse(self, seconds: float) -> None:
        """Puts the trial's own limit off by seconds in which it waited for somebody else.

        The search's end stays where it is.

        Args:
            seconds: The seconds.
        """
        self._notice_stop(seconds)
        self._put_off(seconds)

    def _put_off(self, seconds: float) -> None:
        if self._own_end is not None:
            self._own_end += seconds

    def _notice_stop(self, waited: float = 0.0) -> float:
        """Excuses the seconds in which the process was stopped, or got no core to speak of.

        Args:
            waited: Seconds since the last look that are excused already.

        Returns:
            The time up to which they are excused, on `time.perf_counter`. Whoever judges takes it
            and no later one: the process may be stopped between any two instructions.
        """
        now, computed = time.perf_counter(), time.process_time()
        passed, used = now - self._seen - waited, computed - self._computed
        self._seen, self._computed = now, computed
        self._put_off(passed - own_seconds(passed, used))
        return now

    def begin(self, parameters: int) -> None:
        """Takes the number of the model's weights, which says what saving it takes."""
        self._weight_bytes = 4 * parameters
        if self._search_end is not None:
            left = self._search_end - time.perf_counter()
            self._most_kept_back = max(0.0, KEPT_BACK_SHARE * left)

    def test_seconds(self) -> float:
        """See `automl.trial.TrialResult.test_seconds`."""
        return ((self._row_seconds or 0.0) + METRIC_SECONDS) * self._test_rows

    def export_seconds(self) -> float:
        """See `automl.trial.TrialResult.export_seconds`."""
        return self._weight_bytes / EXPORT_RATE

    def validated(self, seconds: float) -> None:
        """Takes what one pass over the validation rows took; the latest counts."""
        self._row_seconds = seconds / max(len(self._validation), 1)

    def passed(self, scored: bool, also_validates: bool = False) -> str:
        """Whether training has to stop now for the result to be there in time.

        Args:
            scored: Whether an epoch is behind the trial; else it is still to be validated.
            also_validates: Whether the question is if a further validation can be begun.

        Returns:
            The reason to stop, or "".
        """
        now = self._notice_stop()
        end, reason = self._limit()
        if end is None:
            return ""
        needed = self.after_scoring() + (self.validation_seconds() if also_validates else 0.0)
        if not scored:
            needed += self.validation_seconds()
        return reason if now + needed >= end else ""

    def wants_probe(self) -> bool:
        """Whether there is a limit and nothing is known yet of what a validation takes."""
        return self._limit()[0] is not None and self._row_seconds is None

    def probe(self, evaluate: Callable[[DeviceRows], Any]) -> None:
        """Estimates what a validation takes, from a few of its rows.

        Args:
            evaluate: Scores the model on rows.
        """
        for probe in PROBE_ROWS:
            count = min(probe, len(self._validation))
            rows = self._validation.at(np.arange(count))
            evaluate(rows)  # the first call also prepares the graph
            started, computed = time.perf_counter(), time.process_time()
            evaluate(rows)
            used = time.process_time() - computed
            self._row_seconds = own_seconds(time.perf_counter() - started, used) / max(count, 1)
            if self._row_seconds * PROBE_ROWS[-1] > PROBE_SECONDS:
                return

    def interrupt(self) -> None:
        """Makes the trial be over soon."""
        self._interrupted_end = time.perf_counter() + INTERRUPT_SECONDS

    def too_late_to_score(self) -> str:
        """Why a model without a score cannot get one any more, or ""."""
        now = self._notice_stop()
        end, reason = self._limit()
        if end is None:
            return ""
        seconds = self.validation_seconds()
        late = now + seconds - end
        if reason == SEARCH_OVER or late < max(0.5, 0.5 * seconds):
            return ""
        return (
            f"{reason} before it could be scored: one pass over the validation rows takes "
            f"{seconds:.2g} s"
        )

    def training_rows(self) -> DeviceRows:
        """The training rows that there is time to score: all, or a random sample of them."""
        now = self._notice_stop()
        end, _ = self._limit()
        if end is None or self._row_seconds is None:
            return self._train
        left = end - now - self._saving()
        seconds = max(TRAINING_SHARE * left, TRAINING_SECONDS)
        count = max(int(seconds / (self._row_seconds + METRIC_SECONDS)), FEWEST_ROWS)
        if count >= len(self._train):
            return self._train
        chosen = np.random.default_rng(self._seed).permutation(len(self._train))[:count]
        return self._train.at(np.sort(chosen))

    def _limit(self) -> tuple[float | None, str]:
        """When the trial has to be over, on `time.perf_counter`, and what makes it so.

        What its own model needs after the search, beyond what is kept back for the best one so
        far, is taken off the search's end, for this may be the best model in the end.
        """
        ends: list[tuple[float, str]] = []
        if self._own_end is not None:
            ends.append((self._own_end, self._own_reason))
        if self._search_end is not None:
            more = self.test_seconds() + self.export_seconds() - self._kept_for_leader
            kept_back = min(max(more, 0.0), self._most_kept_back)
            ends.append((self._search_end - kept_back, SEARCH_OVER))
        if self._interrupted_end is not None:
            ends.append((self._interrupted_end, SEARCH_OVER))
        return min(ends, default=(None, ""))

    def after_scoring(self) -> float:
        """Seconds from the last score to the result."""
        row = (self._row_seconds or 0.0) + METRIC_SECONDS
        least = row * min(FEWEST_ROWS, len(self._train))
        most = max(least, TRAINING_SECONDS / TRAINING_SHARE)
        training = min(row * len(self._train), most)
        return self._saving() + training + METRIC_SECONDS * len(self._validation)

    def _saving(self) -> float:
        return SAVE_SECONDS + self._weight_bytes / SAVE_RATE

    def validation_seconds(self) -> float:
        """What a pass over the validation rows takes, as far as it is known."""
        row = (self._row_seconds or 0.0) + METRIC_SECONDS
        return row * len(self._validation)
