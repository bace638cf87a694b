"""What a hypermodel's own `fit` returns: the score, where the objective names it.

KerasTuner takes a number (the objective itself), a dictionary with the objective's name among its
keys, a `History`, or a list of these, of several executions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.common.averages import mean_of
from automl.data.metrics import Objective, default_objective
from automl.data.task import Task
from automl.errors import TrialError
from automl.vocabulary.losses import LOSS


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
    parts = _parts(value)
    if all(part is None or _is_history(part) for part in parts) and parts:
        return Returned()  # of a History every epoch has been scored already
    scores = [_named(part, objective, task) for part in parts]
    found = [score for score in scores if score is not None]
    if not parts or len(found) < len(parts):
        return Returned(note=_unused(value, objective, name))
    for score in found:
        if not math.isfinite(score):
            raise TrialError(f"The fit of {name} returned {score} as {objective.name!r}.")
    return Returned(mean_of(found), _used(value, objective, name))


def _parts(value: Any) -> list[Any]:
    """The values of several executions, or the one value."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_history(value: Any) -> bool:
    return isinstance(getattr(value, "history", None), Mapping)


def _used(value: Any, objective: Objective, name: str) -> str:
    """What a person should be told of a value that is the score, or ""."""
    told = []
    numbers = _parts(value)
    if len(numbers) > 1 and not any(isinstance(one, Mapping) for one in numbers):
        told.append(
            f"The fit of {name} returns {value_text(value)}, whose mean is the score of its trial, "
            "as of several executions in KerasTuner; return {name: value} where they are different "
            "metrics."
        )
    if not objective.of_model:
        told.append(
            f"The fit of {name} returns {objective.name!r}, which is the score of its trials; that "
            "of baselines and on test rows is measured by automl."
        )
    return " ".join(told)


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
    """The number that a value is: also an array or a tensor of one; no text and no truth value."""
    try:
        array = np.asarray(value)
        if array.size != 1 or array.dtype.kind in "bcMmSU" or array.reshape(-1)[0] is None:
            return None
        item = array.astype(np.float64)
    except (TypeError, ValueError):
        return None
    return None if isinstance(array.item(), str | bytes | bool) else float(item.reshape(()))


def value_text(value: Any) -> str:
    """What a fit has returned, in words.

    Args:
        value: It.
    """
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return ", ".join(map(repr, value)) or "an empty dictionary"
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        if not value:
            return f"an empty {kind}"
        kinds = dict.fromkeys(_kind(part) for part in value)
        return f"a {kind} of {len(value)} ({', '.join(kinds)})"
    if isinstance(value, str | bytes):
        return "a text"
    if isinstance(value, bool | np.bool_):
        return f"{value}"
    if _number(value) is not None:
        return "a number"
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"an array of shape {tuple(shape)}"
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _kind(part: Any) -> str:
    """What one of several values is."""
    if part is None:
        return "None"
    if _number(part) is not None:
        return "numbers"
    return "History" if _is_history(part) else value_text(part)


def _unused(value: Any, objective: Objective, name: str) -> str:
    return (
        f"The fit of {name} returns {value_text(value)}, which is not used: trials are ranked by "
        f"validation {objective.name}; to rank by what it returns, name it with --objective and "
        "--direction."
    )
