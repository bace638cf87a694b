"""What a search is about, when nothing of it is open any more, and what is made of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.tuning.driver_settings import DriverSettings
from automl.tuning.given import Given, asked_fold_rule, asked_pruner, asked_sampler
from automl.tuning.search_request import SearchRequest

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from automl.data.metrics import Objective
    from automl.space import SearchSpace


@dataclass(frozen=True)
class SearchSetup:
    """What a search is about.

    Attributes:
        request: What was asked, with what it had left open settled by the data.
        space: The search space as it is searched: fixed and narrowed as asked, and to what the
            data allow.
        objective: What trials are ranked by.
        objects: The callbacks, the sampler and the pruner whose names are in ``request``.
        asked_hash: `SearchSpace.hash` of the space as it was asked for, before it was narrowed to
            what the data allow.
    """

    request: SearchRequest
    space: SearchSpace
    objective: Objective
    objects: Given
    asked_hash: str

    def sampler(self, space: SearchSpace, workers: int) -> BaseSampler:
        """What proposes configurations.

        Args:
            space: The space to draw from, where it has grown meanwhile.
            workers: Trials at once.
        """
        return asked_sampler(
            self.request.sampler,
            self.objects,
            seed=self.request.seed,
            space=space,
            workers=workers,
            direction=self.objective.direction,
        )

    def driver_settings(self) -> DriverSettings:
        """What the driver decides by."""
        request, direction = self.request, self.objective.direction
        by_epoch = asked_pruner(
            request.pruner,
            self.objects,
            direction=direction,
            epochs=request.trial_budget.epochs,
            patience=request.trial_budget.patience,
            folds=len(request.data.views),
        )
        return DriverSettings(
            budget=request.budget,
            trial_budget=request.trial_budget,
            objective=self.objective,
            keep_models=request.keep_models,
            executions=request.executions_per_trial,
            views=request.data.views,
            pruner=by_epoch,
            fold_rule=asked_fold_rule(request.pruner, self.objects, direction),
            limits=request.limits,
        )


def check_sampler_and_pruner(
    request: SearchRequest, space: SearchSpace, objects: Given, folds: int
) -> None:
    """Finds a wrong sampler or pruner before anything is read or written.

    Raises:
        RequestError: There is none of that name, it does not suit the space or the number of
            folds, or it was an object and is not given again.
    """
    asked_sampler(request.sampler, objects, seed=0, space=space, workers=1, direction="minimize")
    epochs = request.trial_budget.epochs
    asked_pruner(
        request.pruner, objects, direction="minimize", epochs=epochs, patience=1, folds=folds
    )
