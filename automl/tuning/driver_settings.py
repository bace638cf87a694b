"""What a driver decides by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from automl.common.model_cost import CostLimits
from automl.trial import HOLDOUT, TrialBudget
from automl.tuning.pruners.fold_rules import FoldPruningRule, NoRule

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
        pruner: What stops trials after an epoch, or None.
        executions: How often each configuration is trained, on each view.
        views: The views that it is trained on.
        fold_rule: What stops trials after a fold, where there are several views.
        limits: What a model may cost to be trained.
    """

    budget: SearchBudget
    trial_budget: TrialBudget
    objective: Objective
    keep_models: int
    pruner: optuna.pruners.BasePruner | None
    executions: int = 1
    views: tuple[str, ...] = (HOLDOUT,)
    fold_rule: FoldPruningRule = field(default_factory=lambda: NoRule("minimize"))
    limits: CostLimits = field(default_factory=CostLimits)
