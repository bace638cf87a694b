"""What is used of a study's and a trial's private parts in Optuna, each name once.

`automl.tuning.storage` derives from Optuna's journal storage, and uses what it hands to those who
do. `tests/test_private_names.py` says which names a new version has taken away.
"""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages.journal._storage import JournalStorageReplayResult
from optuna.study._constrained_optimization import _CONSTRAINTS_KEY
from optuna.trial import FrozenTrial

__all__ = [
    "JournalStorageReplayResult",
    "constraint_key",
    "contains",
    "fixed_values",
    "storage_of",
    "study_id",
    "trial_id",
]


def storage_of(study: Any) -> Any:
    """A study's storage."""
    return study._storage


def study_id(study: Any) -> int:
    """A study's number in its storage."""
    number: int = study._study_id
    return number


def trial_id(trial: Any) -> int:
    """A trial's number in its storage."""
    number: int = trial._trial_id
    return number


def fixed_values(trial: FrozenTrial) -> dict[str, Any]:
    """The values that a trial was given beforehand (`Study.enqueue_trial`)."""
    return dict(trial.system_attrs.get("fixed_params", {}))


def contains(distribution: BaseDistribution, value: float) -> bool:
    """Whether a distribution has a value, in its internal form."""
    return distribution._contains(value)


def constraint_key(name: str) -> str:
    """The system attribute in which a trial has a constraint, as `Trial.set_constraint` sets it.

    A `Trial` made anew for that would ask the sampler for its parameters.
    """
    return f"{_CONSTRAINTS_KEY}:{name}"
