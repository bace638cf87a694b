"""What averaging over test-time views has come to on validation rows, beside the plain answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ScoredViews:
    """Scores of one model or several trainings of a configuration, with and without views.

    Attributes:
        metrics: The task's metrics with views, the mean over the trainings.
        scores: The objective with views, of each training.
        parts: The objective with views on each part of the validation rows, the mean over the
            trainings.
        plain: Likewise without views.
    """

    metrics: Mapping[str, float]
    scores: tuple[float, ...]
    parts: tuple[float, ...]
    plain: tuple[float, ...]
