"""What a hypermodel's own `fit` returns: the score, where the objective names it.

KerasTuner takes a number (the objective itself), a dictionary with the objective's name among its
keys, a `History`, or a list of these, of several executions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from automl.data.metrics import LOSS, Objective, default_objective
from automl.data.task import Task
from automl.errors import TrialError


@dataclass(frozen=True)
class Returned:
    """What a fit's value means for its trial.

    Attributes:
        score: The score that it is, or None.
        note: What a person should be told of it, or "".
    """

    score: float | None = None
    note: str = ""


def read_returned(value: Any, objective: Objective, task: Task, name: str) -> Returned:
    """What a fit has returned.

    Args:
        value: It.
        objective: What trials are ranked by.
        task: The task.
        name: The space's name, for messages.

    Raises:
        TrialError: The score that it names is not finite.
    """
    if value is None or isinstance(getattr(value, "history", None), Mapping):
        return Returned()  # of a History every epoch has been scored already
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0:
        parts = [read_returned(part, objective, task, name) for part in value]
        scores = [part.score for part in parts if part.score is not None]
        if len(scores) == len(parts):
            return Returned(fmean(scores), parts[0].note)
        return next((part for part in parts if part.score is None), Returned())
    found = _named(value, objective, task)
    if found is None:
        return Returned(note=_unused(value, objective, name))
    if not math.isfinite(found):
        raise TrialError(f"The fit of {name} returned {found} as {objective.name!r}.")
    note = ""
    if not objective.of_model:
        note = (
            f"The fit of {name} returns {objective.name!r}, which is the score of its trials; that "
            "of baselines and on test rows is measured by automl."
        )
    return Returned(found, note)


def _named(value: Any, objective: Objective, task: Task) -> float | None:
    """The objective's value in what was returned."""
    if isinstance(value, Mapping):
        for key in (f"val_{objective.name}", objective.name):
            if key in value:
                return _number(value[key])
        return None
    usual = default_objective(task)
    is_asked = objective.of_model or objective.name == LOSS or objective.name != usual.name
    return _number(value) if is_asked else None  # nobody has said what the number is


def _number(value: Any) -> float | None:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return float(array.reshape(())) if array.size == 1 else None


def _unused(value: Any, objective: Objective, name: str) -> str:
    kind = f"a {type(value).__name__}"
    if isinstance(value, Mapping):
        kind = f"{', '.join(map(repr, value))}"
    elif _number(value) is not None:
        kind = "a number"
    return (
        f"The fit of {name} returns {kind}, which is not used: trials are ranked by validation "
        f"{objective.name}; to rank by what it returns, name it with --objective and --direction."
    )
