"""What a driver decides by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.trial import HOLDOUT, TrialBudget

if TYPE_CHECKING:
    import optuna

    from automl.data.metrics import Objective
    from automl.tuning.budget import SearchBudget


@dataclass(frozen=True)
class DriverSettings:
    """What a driver decides by.

    Attributes:
        budget: What the search may spend.
        trial_budget: What each trial may spend.
        objective: What trials are ranked by.
        keep_models: How many of the best trials keep their model.
        pruner: What stops trials early, or None.
        executions: How often each configuration is trained, on each view.
        views: The views that it is trained on.
    """

    budget: SearchBudget
    trial_budget: TrialBudget
    objective: Objective
    keep_models: int
    pruner: optuna.pruners.BasePruner | None
    executions: int = 1
    views: tuple[str, ...] = (HOLDOUT,)
