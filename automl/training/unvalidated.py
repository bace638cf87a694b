"""What is left of a training's result where no rows have validated it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from automl.trial import TrialResult, TrialState

_VALIDATION = "val_"


def unvalidated(result: TrialResult) -> TrialResult:
    """A result without what rows that it was trained on would say too well of it."""
    if result.state is not TrialState.COMPLETED:
        return result
    return replace(result, score=None, metrics={}, verdict=None, predictions="")


def unvalidated_rows(history: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """A learning curve without its columns of validation rows."""
    return [
        {name: value for name, value in row.items() if not name.startswith(_VALIDATION)}
        for row in history
    ]
