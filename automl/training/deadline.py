"""When a trial has to be over, and when its training has to stop for that."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from automl.data.plan import Rows
from automl.training.device_data import DeviceRows
from automl.trial import SEARCH_OVER, TrialSpec

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
PROBE_ROWS = 1024
"""Rows by which the seconds of a validation are estimated inside the first epoch."""
FEWEST_ROWS = 1024
"""Training rows that are scored at least."""


class Deadline:
    """Watches one trial's limits.

    Args:
        spec: The trial: its own limit, and the seconds that the search has left.
        start: When the trial began, on `time.perf_counter`, which the limits count from.
        train: The training rows.
        validation: The validation rows.
    """

    def __init__(
        self, spec: TrialSpec, start: float, train: DeviceRows, validation: DeviceRows
    ) -> None:
        own, search = spec.budget.seconds, spec.seconds_left
        self._reason = SEARCH_OVER
        if own is not None and (search is None or own <= search):
            self._reason = f"it reached its time limit of {own:g} s"
        limits = [limit for limit in (own, search) if limit is not None]
        self._end = start + min(limits) if limits else None
        self._train, self._validation = train, validation
        self._row_seconds: float | None = None
        self._weight_bytes = 0
        self._seed = spec.seed

    def use(self, train: DeviceRows, validation: DeviceRows) -> None:
        """Takes the same rows in the form that the model takes them."""
        self._train, self._validation = train, validation

    def begin(self, parameters: int) -> None:
        """Takes the number of the model's weights, which says what saving it takes."""
        self._weight_bytes = 4 * parameters

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
        if self._end is None:
            return ""
        needed = self._after_scoring() + (self._validation_seconds() if also_validates else 0.0)
        if not scored:
            needed += self._validation_seconds()
        return self._reason if time.perf_counter() + needed >= self._end else ""

    def wants_probe(self) -> bool:
        """Whether there is a limit and nothing is known yet of what a validation takes."""
        return self._end is not None and self._row_seconds is None

    def probe(self, evaluate: Callable[[DeviceRows], Any]) -> None:
        """Estimates what a validation takes, from a few of its rows.

        Args:
            evaluate: Scores the model on rows.
        """
        count = min(PROBE_ROWS, len(self._validation))
        rows = taken(self._validation, np.arange(count))
        evaluate(rows)  # the first call also prepares the graph
        started = time.perf_counter()
        evaluate(rows)
        self._row_seconds = (time.perf_counter() - started) / max(count, 1)

    def interrupt(self) -> None:
        """Makes the trial be over soon."""
        soon = time.perf_counter() + INTERRUPT_SECONDS
        self._end = soon if self._end is None else min(self._end, soon)

    def too_late_to_score(self) -> str:
        """Why a model without a score cannot get one any more, or ""."""
        if self._end is None:
            return ""
        seconds = self._validation_seconds()
        late = time.perf_counter() + seconds - self._end
        if self._reason == SEARCH_OVER or late < max(0.5, 0.5 * seconds):
            return ""
        return (
            f"{self._reason} before it could be scored: one pass over the validation rows takes "
            f"{seconds:.2g} s"
        )

    def training_rows(self) -> DeviceRows:
        """The training rows that there is time to score: all, or a random sample of them."""
        if self._end is None or self._row_seconds is None:
            return self._train
        left = self._end - time.perf_counter() - self._saving()
        seconds = max(TRAINING_SHARE * left, TRAINING_SECONDS)
        count = max(int(seconds / (self._row_seconds + METRIC_SECONDS)), FEWEST_ROWS)
        if count >= len(self._train):
            return self._train
        chosen = np.random.default_rng(self._seed).permutation(len(self._train))[:count]
        return taken(self._train, np.sort(chosen))

    def _after_scoring(self) -> float:
        """Seconds from the last score to the result."""
        row = (self._row_seconds or 0.0) + METRIC_SECONDS
        training = min(row * len(self._train), TRAINING_SECONDS / TRAINING_SHARE)
        return self._saving() + training + METRIC_SECONDS * len(self._validation)

    def _saving(self) -> float:
        return SAVE_SECONDS + self._weight_bytes / SAVE_RATE

    def _validation_seconds(self) -> float:
        row = (self._row_seconds or 0.0) + METRIC_SECONDS
        return row * len(self._validation)


def taken(rows: DeviceRows, positions: Any) -> DeviceRows:
    """Some of the rows.

    Args:
        rows: The rows.
        positions: Their numbers, int64 (m,).
    """
    here = rows.rows
    picked = Rows(
        here.numeric[positions],
        here.categorical[positions],
        here.target[positions],
        here.truth[positions],
        None if here.weight is None else here.weight[positions],
    )
    return dataclasses.replace(
        rows,
        inputs={name: tf.gather(tensor, positions) for name, tensor in rows.inputs.items()},
        target=tf.gather(rows.target, positions),
        weight=None if rows.weight is None else tf.gather(rows.weight, positions),
        rows=picked,
    )
